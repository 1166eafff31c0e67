import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ClientSessionRequestOptions,
  connect,
  type OutgoingHttpHeaders,
} from "node:http2";
import { isIP } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { messageOf } from "../../base/errors.ts";
import type { ControlPlane } from "../../config/mod.ts";
import { minVersion } from "../../net/tls_versions.ts";
import { readRoots } from "./credentials.ts";
import { ControlPlaneError } from "./errors.ts";
import { CONNECT_MS, PING_INTERVAL_MS, PING_TIMEOUT_MS } from "./limits.ts";

export interface GrpcSessionOptions {
  readonly server: ControlPlane;
  /** Roots for the next connection, PEM. Default: as the server's entry says. */
  readonly roots?: () => Promise<string>;
  /** Default {@link CONNECT_MS}. */
  readonly connectMs?: number;
  /** Default {@link PING_INTERVAL_MS}. */
  readonly pingIntervalMs?: number;
  /** Default {@link PING_TIMEOUT_MS}. */
  readonly pingTimeoutMs?: number;
}

/**
 * One HTTP/2 connection to a server of the control plane, opened by the first
 * request, and anew by the next one after it broke. The roots are read at each
 * opening. PINGs find a peer that is silently gone.
 *
 * It stands in for the gRPC library's own session manager, whose PING timer
 * raises an error that nobody can catch.
 */
export class GrpcSession implements Disposable {
  readonly #options: GrpcSessionOptions;
  #session: Promise<ClientHttp2Session> | undefined;
  #disposed = false;

  constructor(options: GrpcSessionOptions) {
    this.#options = options;
  }

  /** For the gRPC library: where requests go. */
  get authority(): string {
    return new URL(this.#options.server.address).origin;
  }

  /** For the gRPC library. @throws {ControlPlaneError} when there is no connection to be had. */
  async request(
    method: string,
    path: string,
    headers: OutgoingHttpHeaders,
    options: Omit<ClientSessionRequestOptions, "signal">,
  ): Promise<ClientHttp2Stream> {
    const session = await this.#usable();
    const all = { ...headers, ":method": method, ":path": path };
    return watched(session.request(all, options));
  }

  /** For the gRPC library: PINGs alone tell whether the peer is there. */
  notifyResponseByteRead(): void {}

  /** Ends the connection and all calls on it; the next request opens another. */
  close(): void {
    const session = this.#session;
    this.#session = undefined;
    session?.then((open) => open.destroy(), () => {});
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.close();
  }

  async #usable(): Promise<ClientHttp2Session> {
    const opening = this.#open();
    const session = await opening;
    if (!session.destroyed && !session.closed) return session;
    // It was ended a moment ago, and has not yet said so.
    if (this.#session === opening) this.#session = undefined;
    return await this.#open();
  }

  #open(): Promise<ClientHttp2Session> {
    if (this.#disposed) {
      return Promise.reject(new ControlPlaneError("connection closed"));
    }
    if (this.#session !== undefined) return this.#session;
    const opening = this.#connect(() => {
      if (this.#session === opening) this.#session = undefined;
    });
    this.#session = opening;
    return opening;
  }

  /** @param gone Told when the connection takes no more requests. */
  async #connect(gone: () => void): Promise<ClientHttp2Session> {
    const { server, roots, connectMs = CONNECT_MS } = this.#options;
    try {
      const ca = await (roots?.() ?? readRoots(server.roots));
      const session = await connectTls(server, ca, connectMs);
      for (const end of ["close", "error", "goaway"] as const) {
        session.on(end, gone);
      }
      this.#ping(session);
      return session;
    } catch (reason) {
      gone();
      throw reason;
    }
  }

  #ping(session: ClientHttp2Session): void {
    const {
      pingIntervalMs = PING_INTERVAL_MS,
      pingTimeoutMs = PING_TIMEOUT_MS,
    } = this.#options;
    let silence: ReturnType<typeof setTimeout> | undefined;
    const interval = setInterval(() => {
      if (silence !== undefined || session.destroyed) return;
      silence = setTimeout(
        () => session.destroy(new ControlPlaneError("no answer to PING")),
        pingTimeoutMs,
      );
      session.ping(() => {
        clearTimeout(silence);
        silence = undefined;
      });
    }, pingIntervalMs);
    session.on("close", () => {
      clearInterval(interval);
      clearTimeout(silence);
    });
  }
}

/** Has a stream that ends without any answer end with an error: the library waits for one. */
function watched(stream: ClientHttp2Stream): ClientHttp2Stream {
  let answered = false;
  stream.on("response", () => answered = true);
  // The library listens too, but not from the first moment to the last.
  stream.on("error", () => {});
  stream.on("close", () => {
    if (answered) return;
    stream.emit("error", new ControlPlaneError("connection closed"));
  });
  return stream;
}

/** @throws {ControlPlaneError} */
async function connectTls(
  server: ControlPlane,
  ca: string,
  connectMs: number,
): Promise<ClientHttp2Session> {
  const { hostname } = new URL(server.address);
  const name = serverName(hostname, server.alternativeHostname);
  const session = connect(server.address, {
    ca,
    ...name !== undefined && { servername: name },
    minVersion: minVersion(server.tls12),
    checkServerIdentity: (_name, certificate) =>
      nameProblem(
        [hostname, server.alternativeHostname],
        certificate,
      ),
  });
  try {
    await opened(session, connectMs);
    return session;
  } catch (reason) {
    session.destroy();
    throw new ControlPlaneError(messageOf(reason), { cause: reason });
  }
}

/** An address is no name that could be asked for. */
const serverName = (
  hostname: string,
  alternative: string | undefined,
): string | undefined =>
  isIP(hostname.replace(/^\[|\]$/g, "")) === 0 ? hostname : alternative;

/** undefined when the certificate carries one of the names. */
function nameProblem(
  names: readonly (string | undefined)[],
  certificate: PeerCertificate,
): Error | undefined {
  let problem: Error | undefined;
  for (const name of names) {
    if (name === undefined) continue;
    const host = name.replace(/^\[|\]$/g, "");
    const found = checkServerIdentity(host, certificate);
    if (found === undefined) return undefined;
    problem ??= found;
  }
  return problem;
}

function opened(session: ClientHttp2Session, limitMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error("connection timed out")),
      limitMs,
    );
    const settle = (act: () => void) => {
      clearTimeout(timer);
      act();
    };
    // Stays: an error later on is told by the streams.
    session.on("error", (reason: Error) => settle(() => reject(reason)));
    session.on(
      "close",
      () => settle(() => reject(new Error("connection closed"))),
    );
    session.on("connect", () => settle(resolve));
  });
}
