import type { PeerCertificate, TLSSocket } from "node:tls";
import { type Identity, parseIdentity } from "../model/identity.ts";
import { uriSansOf } from "../wire/x509/uri_sans.ts";
import { IdentityError } from "./errors.ts";

/**
 * The identity that a verified certificate proves: its only URI name.
 *
 * @throws {IdentityError} when it has none, several, or one of another form.
 * @see SPIFFE X.509-SVID, section 2: exactly one URI name
 */
export function identityOfCertificate(
  certificate: Pick<PeerCertificate, "raw">,
): { identity: Identity; spiffeId: string } {
  const uris = certificate.raw === undefined
    ? undefined
    : uriSansOf(certificate.raw);
  if (uris?.length !== 1) {
    throw new IdentityError(
      `identity verification error: want one URI SAN, got ${
        uris?.length ?? "no certificate"
      }`,
    );
  }
  const spiffeId = uris[0]!;
  const identity = parseIdentity(spiffeId);
  if (identity === undefined) {
    throw new IdentityError(
      `identity verification error: SAN ${
        JSON.stringify(spiffeId)
      } is not a workload's SPIFFE ID`,
    );
  }
  return { identity, spiffeId };
}

/** {@link identityOfCertificate} of the far end of a TLS connection. */
export function peerIdentity(socket: TLSSocket) {
  return identityOfCertificate(socket.getPeerCertificate());
}

/** Codes for a chain that was not accepted, by OpenSSL's names, which the runtime uses. */
const CERTIFICATE_CODE = /^(UNABLE_TO|CERT|SELF_SIGNED|DEPTH_ZERO|INVALID_CA)_/;

/** The one of them that the runtime has for nearly everything: it does not tell causes apart. */
const NOT_VERIFIED = "UNABLE_TO_VERIFY_LEAF_SIGNATURE";

/**
 * What is wrong with the peer's certificate, in ztunnel's words as far as they
 * are to be had; undefined when the code is about something else.
 */
export function certificateProblem(code: unknown): string | undefined {
  if (typeof code !== "string" || !CERTIFICATE_CODE.test(code)) {
    return undefined;
  }
  const why = code === NOT_VERIFIED ? "unknown issuer, or not valid now" : code;
  return `invalid peer certificate: ${why}`;
}
