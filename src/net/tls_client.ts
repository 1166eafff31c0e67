import type { Duplex } from "node:stream";
import { connect, type TLSSocket } from "node:tls";
import { messageOf } from "../base/errors.ts";
import type { WorkloadCertificate } from "../model/certificate.ts";
import { IdentityError, TunnelError } from "./errors.ts";
import { TLS_HANDSHAKE_MS } from "./limits.ts";
import { certificateProblem, identityOfCertificate } from "./peer_identity.ts";
import { minVersion, type TlsVersions } from "./tls_versions.ts";

export interface TlsClientOptions extends TlsVersions {
  /** Proves who we are, and holds the roots that the peer must lead to. */
  readonly certificate: WorkloadCertificate;
  /** SPIFFE IDs of which the peer must prove one. */
  readonly expected: readonly string[];
  /** Default {@link TLS_HANDSHAKE_MS}. */
  readonly timeoutMs?: number;
}

/**
 * Makes a connected socket, or what stands for one, a TLS client, of 1.3 unless
 * told otherwise, whose peer is one of those expected.
 *
 * @throws {IdentityError} when the peer is somebody else, naming both.
 * @throws {TunnelError} when the handshake fails otherwise or takes too long.
 */
export function connectTls(
  socket: Duplex,
  { certificate, expected, tls12, timeoutMs = TLS_HANDSHAKE_MS }:
    TlsClientOptions,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    let wrong: Error | undefined;
    const tls = connect({
      socket,
      key: certificate.keyPem,
      cert: certificate.chainPem,
      ca: certificate.rootsPem,
      ALPNProtocols: ["h2"],
      minVersion: minVersion(tls12),
      // Names of hosts mean nothing here; the chain has been verified by now.
      checkServerIdentity: (_host, peer) => {
        try {
          requireOneOf(expected, identityOfCertificate(peer).spiffeId);
          return undefined;
        } catch (reason) {
          return wrong = reason as Error;
        }
      },
    });
    const settle = (act: () => void) => {
      clearTimeout(timer);
      tls.removeListener("error", onError);
      tls.removeListener("close", onClose);
      act();
    };
    const fail = (reason: Error) =>
      settle(() => {
        tls.on("error", () => {}); // it may say so twice
        tls.destroy();
        reject(reason);
      });
    const onError = (reason: Error & { code?: unknown }) => {
      const why = certificateProblem(reason.code) ?? messageOf(reason);
      fail(wrong ?? new TunnelError("tls", `io error: ${why}`));
    };
    const onClose = () =>
      fail(
        wrong ?? new TunnelError("tls", "io error: closed during handshake"),
      );
    const timer = setTimeout(
      () => fail(new TunnelError("tls", "io error: tls handshake timed out")),
      timeoutMs,
    );
    tls.on("error", onError);
    tls.on("close", onClose);
    tls.on("secureConnect", () => {
      if (tls.authorized && wrong === undefined) settle(() => resolve(tls));
      else fail(wrong ?? new TunnelError("tls", "io error: peer not verified"));
    });
  });
}

function requireOneOf(expected: readonly string[], got: string): void {
  if (expected.includes(got)) return;
  throw new IdentityError(
    "io error: invalid peer certificate: identity verification error: peer " +
      `did not present the expected SAN (${expected.join(",")}), got ${got}`,
  );
}
