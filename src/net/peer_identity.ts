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
