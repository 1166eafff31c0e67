/** Serves the pods that a node agent, such as Istio's, hands over by ZDS. */
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import { Seqpacket } from "../sys/seqpacket.ts";
import { pause } from "./pause.ts";
import type { Logger } from "../telemetry/log.ts";
import type { PodHost } from "./pod_host.ts";
import { systemClock } from "./system_clock.ts";
import { AnnounceError, ZdsViolation } from "./zds/errors.ts";
import {
  ANNOUNCE_DELAY_MAX_MS,
  ANNOUNCE_DELAY_MIN_MS,
  ANNOUNCE_JITTER,
  CONNECT_DELAY_MAX_MS,
  CONNECT_DELAY_MIN_MS,
} from "./zds/limits.ts";
import { AgentPods } from "./zds/pods.ts";
import { serveAgent } from "./zds/session.ts";

export interface NodeAgentOptions {
  /** The agent's socket; `INPOD_UDS`. */
  readonly path: string;
  readonly host: PodHost;
  readonly log: Logger;
  /** Ready: connected, the snapshot complete, every pod of it served. */
  readonly onReadyChange: (ready: boolean) => void;
  /** Ends it. Pods served stay. */
  readonly signal: AbortSignal;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** 0 to 1. Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * Keeps a connection to the agent and does what it asks for. A connection that
 * is lost is made anew, and pods are served on meanwhile.
 *
 * @returns once the signal is aborted.
 * @throws {ZdsViolation} when the agent breaks the protocol; going on would
 * mean serving pods that it has not named.
 */
export async function followNodeAgent(
  options: NodeAgentOptions,
): Promise<void> {
  const { host, log, onReadyChange, clock = systemClock } = options;
  using pods = new AgentPods({ host, log, onReadyChange, clock });
  const agent = new AgentConnector({ ...options, clock });
  for (;;) {
    const socket = await agent.connect();
    if (socket === undefined) return;
    await agent.use(socket, pods);
  }
}

/** Connects with delays that grow while it fails. */
class AgentConnector {
  readonly #options: NodeAgentOptions & { readonly clock: Clock };
  #connectDelayMs = CONNECT_DELAY_MIN_MS;
  #announceDelayMs = ANNOUNCE_DELAY_MIN_MS;

  constructor(options: NodeAgentOptions & { readonly clock: Clock }) {
    this.#options = options;
  }

  /** The next connection; undefined once the signal is aborted. */
  async connect(): Promise<Seqpacket | undefined> {
    const { path, log, signal } = this.#options;
    while (!signal.aborted) {
      try {
        const socket = Seqpacket.connect(path);
        log.info("handling new stream");
        return socket;
      } catch (reason) {
        const delayMs = this.#nextConnectDelay();
        log.warn(
          `failed to connect to the Istio CNI node agent over "${path}", is the node agent healthy? details: ${
            messageOf(reason)
          } retrying in ${delayMs}ms`,
        );
        await this.#pause(delayMs);
      }
    }
    return undefined;
  }

  /**
   * Follows one connection to its end, and waits as long as another must wait.
   *
   * @throws {ZdsViolation}
   */
  async use(socket: Seqpacket, pods: AgentPods): Promise<void> {
    const { signal, log } = this.#options;
    const stop = () => socket.close();
    let asked = false;
    signal.addEventListener("abort", stop);
    try {
      await pods.begin();
      await serveAgent(socket, {
        handle: (request, netns) => {
          asked = true;
          return pods.handle(request, netns);
        },
      });
      log.info("process stream ended with eof");
    } catch (reason) {
      await this.#onError(reason);
    } finally {
      signal.removeEventListener("abort", stop);
      socket.close();
      await pods.end();
    }
    if (asked) this.#resetDelays();
    // Ended without a request: lest an agent that hangs up at once be hurried.
    else await this.#pause(this.#nextConnectDelay());
  }

  #resetDelays(): void {
    this.#connectDelayMs = CONNECT_DELAY_MIN_MS;
    this.#announceDelayMs = ANNOUNCE_DELAY_MIN_MS;
  }

  #nextConnectDelay(): number {
    const delayMs = this.#connectDelayMs;
    this.#connectDelayMs = Math.min(CONNECT_DELAY_MAX_MS, delayMs * 2);
    return delayMs;
  }

  async #onError(reason: unknown): Promise<void> {
    const { log, signal, random = Math.random } = this.#options;
    if (signal.aborted) return;
    if (reason instanceof ZdsViolation) {
      log.error(
        "protocol mismatch error while processing stream, shutting down",
        { error: reason.message },
      );
      throw reason;
    }
    if (!(reason instanceof AnnounceError)) {
      log.warn("process stream error", { error: messageOf(reason) });
      return;
    }
    const factor = 1 - ANNOUNCE_JITTER + 2 * ANNOUNCE_JITTER * random();
    const delayMs = Math.round(this.#announceDelayMs * factor);
    this.#announceDelayMs = Math.min(
      ANNOUNCE_DELAY_MAX_MS,
      this.#announceDelayMs * 2,
    );
    log.error(
      `node agent announcement failed (${reason.message}), retrying in ${delayMs}ms`,
    );
    await this.#pause(delayMs);
  }

  #pause(delayMs: number): Promise<void> {
    const { clock, signal } = this.#options;
    return pause(clock, delayMs, signal);
  }
}
