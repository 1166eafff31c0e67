import { ControlPlaneError } from "../grpc/mod.ts";
import { ON_DEMAND_NAMES_MAX, ON_DEMAND_WAIT_MS } from "./limits.ts";

/** Who waits for a name, until it is answered or the time is over. */
type Waiting = PromiseWithResolvers<void>;

/**
 * The names that were asked for on demand. The server is asked once for each,
 * and again by every new stream.
 */
export class OnDemand {
  readonly #waitMs: number;
  readonly #answered = new Set<string>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #subscribe: (names: readonly string[]) => void;

  /** @param subscribe Asks the stream that is open, if one is. */
  constructor(
    subscribe: (names: readonly string[]) => void,
    waitMs = ON_DEMAND_WAIT_MS,
  ) {
    this.#subscribe = subscribe;
    this.#waitMs = waitMs;
  }

  /** All names asked for so far. */
  names(): readonly string[] {
    return [...this.#answered, ...this.#waiting.keys()];
  }

  /**
   * Returns when the server has said about a name what it has to say, which
   * may be that there is no such thing.
   *
   * @param name `NETWORK/IP`, `NAMESPACE/HOSTNAME` or a workload's uid.
   * @throws {ControlPlaneError} when it does not in time, or there are too many names.
   */
  async want(name: string): Promise<void> {
    if (this.#answered.has(name)) return;
    const waiting = this.#waiting.get(name) ?? this.#ask(name);
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () =>
        reject(
          new ControlPlaneError(
            `Cannot look up "${name}": no answer in ${this.#waitMs} ms`,
          ),
        ),
      this.#waitMs,
    );
    try {
      await Promise.race([waiting.promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The server has spoken about these names, and the mesh has taken it. */
  settle(names: Iterable<string>): void {
    for (const name of names) {
      const waiting = this.#waiting.get(name);
      if (waiting === undefined) continue;
      this.#waiting.delete(name);
      this.#answered.add(name);
      waiting.resolve();
    }
  }

  #ask(name: string): Waiting {
    if (this.#answered.size + this.#waiting.size >= ON_DEMAND_NAMES_MAX) {
      throw new ControlPlaneError(
        `Cannot look up "${name}": ${ON_DEMAND_NAMES_MAX} names are asked for already`,
      );
    }
    const waiting: Waiting = Promise.withResolvers();
    this.#waiting.set(name, waiting);
    this.#subscribe([name]);
    return waiting;
  }
}
