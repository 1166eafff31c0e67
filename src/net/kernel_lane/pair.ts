import { closeNoted } from "../../sys/descriptor_ledger.ts";
import { EVENT } from "../../sys/edge_watch.ts";
import { describeErrno, type Fd, SyscallError } from "../../sys/libc.ts";
import { socketError } from "../../sys/sockets.ts";
import { resetOnClose } from "../../sys/tcp_state.ts";
import type { RelayEnd, RelayMeter } from "../relay.ts";
import type { End } from "./end.ts";
import type { LaneWatch } from "./lane_watch.ts";

/** One side of a pair as user space leaves it. */
export interface Released {
  /** Owned by the pair from here on. */
  readonly fd: Fd;
  /** Octets that go to it before anything else. */
  readonly unsent: readonly Uint8Array[];
}

/** What a pair gives to either of its directions. */
export interface DirectionOptions<E extends End = End> {
  readonly from: E;
  readonly to: E;
  /** Octets that were read before, and go first. They are counted already. */
  readonly pending: readonly Uint8Array[];
  /** Told of octets that are handed to the far side. */
  count(octets: number): void;
  /** Asks for a call later, instead of what was asked for before. */
  later(ms: number, run: () => void): void;
  /** Told when the end of this half has been passed on. */
  onDone(): void;
}

/** One half of a pair, whatever moves its octets. */
export interface PairDirection {
  /** The end of this half has been passed on. */
  readonly done: boolean;
  /**
   * Does what can be done by now. To be called whenever something has happened
   * to either socket.
   *
   * @throws {SyscallError} when a connection is no more.
   */
  advance(): void;
  /** Tells the meter what it has not been told yet. */
  countMoved?(): void;
  /** Lets go of all that it has but the sockets. */
  release?(): void;
}

export type MakeDirection<E extends End> = (
  options: DirectionOptions<E>,
) => PairDirection;

export interface PairOptions<E extends End> {
  readonly a: Released;
  readonly b: Released;
  readonly meter: RelayMeter;
  readonly watch: LaneWatch;
  /** @throws {SyscallError} when the connection is no more. */
  makeEnd(fd: Fd): E;
  /** Forward and backward. Called once, with both ends made. */
  makeDirections(): readonly [MakeDirection<E>, MakeDirection<E>];
  /** Takes both sockets out of where they are. Called once, before they close. */
  leave(): void;
}

/** Two sockets whose octets go to each other, until both halves of both are over. */
export class KernelPair<E extends End = End> {
  readonly #options: PairOptions<E>;
  readonly #ended = Promise.withResolvers<RelayEnd>();
  readonly #timers = new Map<E, ReturnType<typeof setTimeout>>();
  #forward: PairDirection | undefined;
  #backward: PairDirection | undefined;
  #over = false;

  constructor(options: PairOptions<E>) {
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
    this.#forward?.countMoved?.();
    this.#backward?.countMoved?.();
  }

  #start(): void {
    const { a, b, watch, meter, makeEnd, makeDirections } = this.#options;
    const [endA, endB] = [makeEnd(a.fd), makeEnd(b.fd)];
    const [forward, backward] = makeDirections();
    this.#forward = forward({
      ...this.#partOf(endA, endB),
      pending: b.unsent,
      count: (octets) => meter.forward(octets),
    });
    this.#backward = backward({
      ...this.#partOf(endB, endA),
      pending: a.unsent,
      count: (octets) => meter.backward(octets),
    });
    for (const end of [endA, endB]) {
      watch.add(end.fd, (events) => this.#onEvents(end, events));
    }
    this.advance();
  }

  #partOf(from: E, to: E) {
    return {
      from,
      to,
      later: (ms: number, run: () => void) => this.#later(from, ms, run),
      onDone: () => this.#onDone(),
    };
  }

  /** One call for each direction, which its source names. */
  #later(from: E, ms: number, run: () => void): void {
    clearTimeout(this.#timers.get(from));
    this.#timers.set(from, setTimeout(() => this.#guard(run), ms));
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
    this.#forward?.release?.();
    this.#backward?.release?.();
    leave();
    for (const { fd } of [a, b]) closeNoted(fd);
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
