import type { TLSSocket } from "node:tls";
import { IdentityError, RevokedError } from "../net/errors.ts";
import type { H2Session } from "../net/h2_session.ts";
import { type PeerChain, peerChain, Revocations } from "../net/revocations.ts";
import type { CrlMetrics } from "../telemetry/control_metrics.ts";
import type { Reporter } from "../telemetry/traffic.ts";
import type { Crl } from "../wire/crl/mod.ts";

/** Keeps peers out whose certificates have been revoked; one a worker. */
export class CrlGuard {
  readonly #metrics: CrlMetrics;
  readonly #revocations = new Revocations();

  constructor(metrics: CrlMetrics) {
    this.#metrics = metrics;
  }

  /** Puts lists into force, also for tunnels that are open. */
  replace(crls: readonly Crl[]): void {
    this.#revocations.replace(crls);
  }

  /**
   * Lets a peer in that TLS has verified.
   *
   * @throws {IdentityError} when it has been revoked; the socket is gone then.
   */
  admit(reporter: Reporter, socket: TLSSocket): PeerChain {
    const chain = peerChain(socket);
    if (chain.length === 0) this.#metrics.untracked(reporter).value++;
    if (!this.#revocations.isRevoked(chain)) return chain;
    this.#metrics.rejections(reporter).value++;
    socket.destroy();
    const side = reporter === "source" ? "io error: " : "";
    throw new IdentityError(`${side}invalid peer certificate: Revoked`);
  }

  /**
   * Ends a tunnel as soon as its peer is revoked.
   *
   * @returns to be called when the tunnel has ended.
   */
  follow(
    reporter: Reporter,
    chain: PeerChain,
    session: Pick<H2Session, "destroy">,
  ): () => void {
    const stop = this.#revocations.watch(chain, () => {
      stop();
      this.#metrics.rejections(reporter).value++;
      session.destroy(new RevokedError());
    });
    return stop;
  }
}
