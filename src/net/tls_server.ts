import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import type { WorkloadCertificate } from "../model/certificate.ts";
import type { Identity } from "../model/identity.ts";
import { HairpinError, messageOf } from "../base/errors.ts";
import { IdentityError, TunnelError } from "./errors.ts";
import { TLS_HANDSHAKE_MS } from "./limits.ts";
import { certificateProblem, peerIdentity } from "./peer_identity.ts";
import { minVersion, type TlsVersions } from "./tls_versions.ts";

/** A connection whose peer has proved who it is. */
export interface SecureConnection {
  readonly socket: TLSSocket;
  readonly identity: Identity;
  readonly spiffeId: string;
}

interface Waiting {
  readonly resolve: (secure: SecureConnection) => void;
  readonly reject: (reason: HairpinError) => void;
}

interface WithParent {
  readonly _parent?: Socket;
}

/**
 * The server side of HBONE for one identity: TLS 1.3 unless told otherwise, a client certificate of
 * the same trust domain mandatory.
 *
 * The check of client certificates lives in `tls.Server`, not in a `TLSSocket`,
 * so every connection goes through the one server.
 */
export class TlsServer {
  readonly #server: Server;
  readonly #trustDomain: string;
  readonly #tls12: boolean;
  readonly #waiting = new Map<Socket, Waiting>();

  constructor(
    certificate: WorkloadCertificate,
    trustDomain: string,
    { tls12 = false }: TlsVersions = {},
  ) {
    this.#trustDomain = trustDomain;
    this.#tls12 = tls12;
    this.#server = createServer({
      ...this.#contextOf(certificate),
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: ["h2"],
    });
    this.#server.on("secureConnection", (tls) => this.#onSecure(tls));
    this.#server.on("tlsClientError", (reason, tls) => {
      const raw = rawOf(tls);
      if (raw !== undefined) this.#fail(raw, failureOf(reason, tls));
    });
  }

  /** Serves new handshakes with another certificate and other roots. */
  rotate(certificate: WorkloadCertificate): void {
    this.#server.setSecureContext(this.#contextOf(certificate));
  }

  /**
   * Runs the handshake.
   *
   * @throws {TunnelError | IdentityError} when it fails or takes too long; the
   * socket is gone then.
   */
  handshake(
    raw: Socket,
    timeoutMs = TLS_HANDSHAKE_MS,
  ): Promise<SecureConnection> {
    const { promise, resolve, reject } = Promise.withResolvers<
      SecureConnection
    >();
    const timer = setTimeout(
      () => this.#fail(raw, new Error("tls handshake timed out")),
      timeoutMs,
    );
    const settled = () => {
      clearTimeout(timer);
      this.#waiting.delete(raw);
    };
    this.#waiting.set(raw, {
      resolve: (secure) => (settled(), resolve(secure)),
      reject: (reason) => (settled(), raw.destroy(), reject(reason)),
    });
    // The close may overtake the error that explains it.
    raw.on(
      "close",
      () => setImmediate(() => this.#fail(raw, new Error("tls handshake eof"))),
    );
    this.#server.emit("connection", raw);
    return promise;
  }

  #contextOf(certificate: WorkloadCertificate) {
    return {
      key: certificate.keyPem,
      cert: certificate.chainPem,
      ca: certificate.rootsPem,
      minVersion: minVersion(this.#tls12),
    };
  }

  #onSecure(tls: TLSSocket): void {
    tls.on("error", () => {}); // the session that takes it listens to "close"
    const raw = rawOf(tls);
    const waiting = raw && this.#waiting.get(raw);
    if (waiting === undefined) return void tls.destroy();
    try {
      const { identity, spiffeId } = peerIdentity(tls);
      this.#requireOurTrustDomain(identity);
      waiting.resolve({ socket: tls, identity, spiffeId });
    } catch (reason) {
      tls.destroy();
      waiting.reject(reason as HairpinError);
    }
  }

  #requireOurTrustDomain({ trustDomain }: Identity): void {
    if (trustDomain === this.#trustDomain) return;
    throw new IdentityError(
      `identity verification error: expected trustdomain (${this.#trustDomain}), got ${trustDomain}`,
    );
  }

  #fail(raw: Socket, reason: unknown): void {
    this.#waiting.get(raw)?.reject(
      reason instanceof HairpinError
        ? reason
        : new TunnelError("tls", messageOf(reason)),
    );
  }
}

/** The reason given for a client whose certificate was refused is only that it is gone. */
function failureOf(reason: Error, { authorizationError }: TLSSocket): Error {
  const problem = certificateProblem(authorizationError);
  return problem === undefined ? reason : new TunnelError("tls", problem);
}

/** The socket below TLS: no public name for it; the start's self-test covers it. */
const rawOf = (tls: TLSSocket): Socket | undefined =>
  (tls as unknown as WithParent)._parent;
