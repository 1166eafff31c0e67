import type { RelayMeter } from "../relay.ts";
import { End } from "./end.ts";
import { LaneWatch } from "./lane_watch.ts";
import {
  JOIN_CHUNK_MAX_OCTETS,
  SPLICE_AFTER_OCTETS,
  SPLICED_PAIRS_MAX,
} from "./limits.ts";
import { KernelPair, type Released } from "./pair.ts";
import { Pipes } from "./pipes.ts";
import { SpliceDirection } from "./splice_direction.ts";

/** When a connection is spliced. */
export interface SpliceAfter {
  /** At so many within {@link import("./limits.ts").SPLICE_WINDOW_MS}, both ways. */
  readonly octets: number;
  /** And if its chunks are greater, on average. */
  readonly chunkOctetsMin: number;
}

export interface SpliceLaneOptions {
  /** Default {@link SPLICED_PAIRS_MAX}. */
  readonly pairsMax?: number;
  /** Default {@link import("./limits.ts").PIPES_MAX}. */
  readonly pipesMax?: number;
  /** Default: not before that pays. */
  readonly spliceAfter?: SpliceAfter;
}

/** From the first octets on, if they are many. */
export const SPLICE_AT_ONCE: SpliceAfter = {
  octets: 1,
  chunkOctetsMin: JOIN_CHUNK_MAX_OCTETS,
};

const WHEN_IT_PAYS: SpliceAfter = {
  octets: SPLICE_AFTER_OCTETS,
  chunkOctetsMin: JOIN_CHUNK_MAX_OCTETS,
};

/** The connections of one thread whose octets pass by pipes, unread. */
export class SpliceLane implements Disposable {
  readonly spliceAfter: SpliceAfter;
  readonly #pairsMax: number;
  readonly #pipes: Pipes;
  readonly #watch = new LaneWatch();
  readonly #pairs = new Set<KernelPair>();

  constructor(options: SpliceLaneOptions = {}) {
    const { pairsMax = SPLICED_PAIRS_MAX, pipesMax } = options;
    this.spliceAfter = options.spliceAfter ?? WHEN_IT_PAYS;
    this.#pairsMax = pairsMax;
    this.#pipes = new Pipes(pipesMax);
  }

  /** Pairs that it has. */
  get size(): number {
    return this.#pairs.size;
  }

  /** Pipes that hold something for a slow reader. */
  get pipes(): number {
    return this.#pipes.lent;
  }

  /** Whether it takes one more pair. */
  get hasRoom(): boolean {
    return this.#pairs.size < this.#pairsMax;
  }

  /** Carries octets between two sockets until both are done. */
  adopt({ a, b, meter }: {
    readonly a: Released;
    readonly b: Released;
    readonly meter: RelayMeter;
  }): KernelPair {
    const make = (options: ConstructorParameters<typeof SpliceDirection>[0]) =>
      new SpliceDirection(options, this.#pipes);
    const pair = new KernelPair({
      a,
      b,
      meter,
      watch: this.#watch,
      makeEnd: (fd) => new End(fd, this.#watch),
      makeDirections: () => [make, make],
      leave: () => {},
    });
    this.#pairs.add(pair);
    void pair.ended.then(() => this.#pairs.delete(pair));
    return pair;
  }

  /** Cuts all pairs. */
  [Symbol.dispose](): void {
    for (const pair of [...this.#pairs]) pair.cut();
    this.#watch[Symbol.dispose]();
    this.#pipes[Symbol.dispose]();
  }
}
