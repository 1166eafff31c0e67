import { EVENT } from "../../sys/edge_watch.ts";
import { describeErrno, type Fd, SyscallError } from "../../sys/libc.ts";
import { socketError } from "../../sys/sockets.ts";
import { resetOnClose } from "../../sys/tcp_state.ts";
import { closeOwn } from "../descriptor.ts";
import type { RelayEnd, RelayMeter } from "../relay.ts";
import { Direction, type Mover } from "./direction.ts";
import { End } from "./end.ts";
import type { LaneWatch } from "./lane_watch.ts";

/** One side of a pair as user space leaves it. */
export interface Released {
  /** Owned by the pair from here on. */
  readonly fd: Fd;
  /** Octets that go to it before anything else. */
  readonly unsent: readonly Uint8Array[];
}

export interface PairOptions {
  readonly a: Released;
  readonly b: Released;
  readonly meter: RelayMeter;
  readonly watch: LaneWatch;
  /** The kernel's part of either direction; undefined when it takes none. */
  join(): { readonly forward: Mover; readonly backward: Mover } | undefined;
  /** Takes both sockets out of the kernel's maps. Called once, before they close. */
  leave(): void;
}

/** Two sockets whose octets go to each other, until both halves of both are over. */
export class KernelPair {
  readonly #options: PairOptions;
  readonly #ended = Promise.withResolvers<RelayEnd>();
  readonly #timers = new Map<Direction, ReturnType<typeof setTimeout>>();
  #forward: Direction | undefined;
  #backward: Direction | undefined;
  #over = false;

  constructor(options: PairOptions) {
    this.#options = options;
    this.#guard(() => this.#start());
  }

  get ended(): Promise<RelayEnd> {
    return this.#ended.promise;
  }

  /** Resets both sides now. */
  cut(): void {
    this.#finish({ how: "cut" });
  }

  /** Looks at what there is to do. */
  advance(): void {
    this.#guard(() => {
      this.#forward?.advance();
      this.#backward?.advance();
    });
  }

  /** Tells the meter what it has not been told yet. */
  count(): void {
    this.#forward?.countMoved();
    this.#backward?.countMoved();
  }

  #start(): void {
    const { a, b, watch, meter, join } = this.#options;
    const [endA, endB] = [new End(a.fd, watch), new End(b.fd, watch)];
    const movers = join();
    this.#forward = this.#direction([endA, endB], {
      pending: b.unsent,
      mover: movers?.forward,
      count: (octets) => meter.forward(octets),
    });
    this.#backward = this.#direction([endB, endA], {
      pending: a.unsent,
      mover: movers?.backward,
      count: (octets) => meter.backward(octets),
    });
    for (const end of [endA, endB]) {
      watch.add(end.fd, (events) => this.#onEvents(end, events));
    }
    this.advance();
  }

  #direction(
    [from, to]: readonly [End, End],
    more: {
      pending: readonly Uint8Array[];
      mover: Mover | undefined;
      count(octets: number): void;
    },
  ): Direction {
    const direction: Direction = new Direction({
      from,
      to,
      ...more,
      later: (ms) => this.#later(direction, ms),
      onDone: () => this.#onDone(),
    });
    return direction;
  }

  #later(direction: Direction, ms: number): void {
    clearTimeout(this.#timers.get(direction));
    const run = () => this.#guard(() => direction.advance());
    this.#timers.set(direction, setTimeout(run, ms));
  }

  #onEvents(end: End, events: number): void {
    if (events & (EVENT.error | EVENT.gone)) {
      const code = socketError(end.fd);
      if (code !== 0) return this.#finish(resetBy(code));
    }
    if (events & EVENT.peerEnded) end.ended = true;
    this.advance();
  }

  #onDone(): void {
    if (this.#forward?.done && this.#backward?.done) {
      this.#finish({ how: "complete" });
    }
  }

  #guard(run: () => void): void {
    if (this.#over) return;
    try {
      run();
    } catch (reason) {
      this.#finish(
        reason instanceof SyscallError
          ? resetBy(reason.errno)
          : { how: "reset", error: reason as Error },
      );
    }
  }

  #finish(end: RelayEnd): void {
    if (this.#over) return;
    this.#over = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    const { a, b, watch, leave } = this.#options;
    this.count();
    for (const { fd } of [a, b]) {
      watch.remove(fd);
      if (end.how !== "complete") resetOnClose(fd);
    }
    leave();
    for (const { fd } of [a, b]) closeOwn(fd);
    this.#ended.resolve(end);
  }
}

const CODES: Readonly<Record<number, string>> = {
  32: "EPIPE",
  103: "ECONNABORTED",
  104: "ECONNRESET",
  107: "ENOTCONN",
  110: "ETIMEDOUT",
};

/** With the code by name, as the runtime's own errors of a socket have it. */
function resetBy(code: number): RelayEnd {
  const error = new Error(describeErrno(code));
  return { how: "reset", error: Object.assign(error, { code: CODES[code] }) };
}
