import { HairpinError, messageOf } from "../../base/errors.ts";
import { type Fd, SyscallError } from "../../sys/libc.ts";
import type { RelayMeter } from "../relay.ts";
import { Direction, type Mover } from "./direction.ts";
import { CountedEnd } from "./end.ts";
import { KernelMaps } from "./kernel_maps.ts";
import { LaneWatch } from "./lane_watch.ts";
import {
  JOIN_AFTER_CHUNKS,
  JOIN_CHUNK_MAX_OCTETS,
  PAIRS_MAX,
  WAITING_MAX_OCTETS,
  WAITING_MIN_OCTETS,
  WAITING_TOTAL_OCTETS,
} from "./limits.ts";
import { KernelPair, type Released } from "./pair.ts";
import { FreePairs } from "./slots.ts";

/** A machine or a process on which the kernel cannot relay. */
export class KernelLaneError extends HairpinError {
  readonly code = "SYSCALL";

  constructor(reason: unknown) {
    super(`Cannot relay in the kernel: ${messageOf(reason)}`, {
      cause: reason,
    });
  }
}

/** A socket and its place in the kernel's maps. */
interface Joined {
  readonly slot: number;
  readonly fd: Fd;
}

/** When the kernel takes a connection over. */
export interface JoinAfter {
  /** At so many. */
  readonly chunks: number;
  /** And as long as they are not greater, on average. */
  readonly chunkOctetsMax: number;
}

export interface KernelLaneOptions {
  /** Default {@link PAIRS_MAX}. */
  readonly pairsMax?: number;
  /** Default: not before that pays. */
  readonly joinAfter?: JoinAfter;
}

/** From the first octets on. */
export const AT_ONCE: JoinAfter = {
  chunks: 1,
  chunkOctetsMax: JOIN_CHUNK_MAX_OCTETS,
};

const WHEN_IT_PAYS: JoinAfter = {
  chunks: JOIN_AFTER_CHUNKS,
  chunkOctetsMax: JOIN_CHUNK_MAX_OCTETS,
};

/** The connections that the kernel relays by itself for one thread: conversations. */
export class KernelLane implements Disposable {
  readonly joinAfter: JoinAfter;
  readonly #maps: KernelMaps;
  readonly #watch: LaneWatch;
  readonly #free: FreePairs;
  readonly #pairs = new Map<number, KernelPair<CountedEnd>>();
  readonly #slots: number;

  /** @throws {KernelLaneError} naming what is missing. */
  constructor(
    { pairsMax = PAIRS_MAX, joinAfter = WHEN_IT_PAYS }: KernelLaneOptions = {},
  ) {
    this.joinAfter = joinAfter;
    this.#slots = pairsMax * 2;
    this.#free = new FreePairs(() => performance.now(), pairsMax);
    try {
      this.#maps = new KernelMaps(this.#slots);
    } catch (reason) {
      throw new KernelLaneError(reason);
    }
    this.#watch = new LaneWatch({
      bell: this.#maps.bell,
      onRing: (slots) =>
        slots.forEach((slot) => this.#pairs.get(slot >> 1)?.advance()),
    });
  }

  /** Pairs that are joined. */
  get size(): number {
    return this.#pairs.size;
  }

  /** A place for one more pair; undefined when there is none. */
  reserve(): number | undefined {
    return this.#free.take();
  }

  /**
   * Carries octets between two sockets until both are done. Where the kernel
   * does not take them, as they are half closed, user space does.
   *
   * @param place As {@link reserve} gave it.
   */
  adopt(
    place: number,
    { a, b, meter }: { a: Released; b: Released; meter: RelayMeter },
  ): KernelPair<CountedEnd> {
    const joined = [
      { slot: place * 2, fd: a.fd },
      { slot: place * 2 + 1, fd: b.fd },
    ] as const;
    const pair = new KernelPair({
      a,
      b,
      meter,
      watch: this.#watch,
      makeEnd: (fd) => new CountedEnd(fd, this.#watch),
      makeDirections: () => {
        const movers = this.#join(joined);
        return [
          (options) => new Direction(options, movers?.forward),
          (options) => new Direction(options, movers?.backward),
        ];
      },
      leave: () => {
        for (const { slot, fd } of joined) this.#maps.leave(slot, fd);
        this.#pairs.delete(place);
        this.#free.give(place);
      },
    });
    this.#pairs.set(place, pair);
    void pair.ended.then(() => this.#pairs.delete(place));
    return pair;
  }

  #join([a, b]: readonly [Joined, Joined]) {
    try {
      this.#maps.join(a.slot, a.fd);
      this.#maps.join(b.slot, b.fd);
    } catch (reason) {
      if (!(reason instanceof SyscallError)) throw reason;
      return undefined; // one has ended its half meanwhile
    }
    return { forward: this.#mover(a), backward: this.#mover(b) };
  }

  #mover({ slot, fd }: Joined): Mover {
    return {
      slot: this.#maps.slot(slot),
      start: () => this.#maps.startMoving(slot, fd),
      waitingMax: () => this.#waitingMax,
    };
  }

  get #waitingMax(): number {
    const share = Math.floor(WAITING_TOTAL_OCTETS / this.#pairs.size);
    return Math.max(WAITING_MIN_OCTETS, Math.min(share, WAITING_MAX_OCTETS));
  }

  /** Tells all meters what the kernel has moved since they were told. */
  count(): void {
    for (const pair of this.#pairs.values()) pair.count();
  }

  /** Sockets in the kernel's maps: four for a pair of which nothing is held. */
  countSockets(): number {
    return this.#maps.countSockets(this.#slots);
  }

  /** Cuts all pairs. */
  [Symbol.dispose](): void {
    for (const pair of [...this.#pairs.values()]) pair.cut();
    this.#watch[Symbol.dispose]();
    this.#maps[Symbol.dispose]();
  }
}
