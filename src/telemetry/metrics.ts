/**
 * Counters, gauges and histograms of one thread. A series is looked up once and
 * then moved through its cell, so that counting costs an addition.
 */
import { assert } from "../base/assert.ts";
import {
  type FamilySnapshot,
  type MetricsSnapshot,
  renderLabels,
} from "./openmetrics.ts";

export { mergeSnapshots, renderOpenMetrics } from "./openmetrics.ts";
export type { MetricsSnapshot } from "./openmetrics.ts";

/** Label names and values, in the order in which they are printed. */
export type Labels = Readonly<Record<string, string>>;

/** One series of a counter (add only) or of a gauge. */
export interface Cell {
  value: number;
}

export interface FamilyOptions {
  /** A counter's is without `_total`. */
  readonly name: string;
  /** One sentence without its full stop. */
  readonly help: string;
  /** Must end the name, such as `bytes`. */
  readonly unit?: string;
  /** Most label sets kept. Default {@link SERIES_MAX}. */
  readonly seriesMax?: number;
}

/**
 * Label sets per family and thread. Peers, policies and pods make them: past
 * this, further ones share one series, so that sums stay right and memory
 * stays bounded (some 10 MB a family with ztunnel's long traffic labels).
 */
export const SERIES_MAX = 10_000;

/** The series that stands for all label sets past the limit. */
export const OVERFLOW_LABELS = 'overflow="true"';

/** One metric; `Value` is what a hot path holds on to. */
export class Family<Value> {
  readonly #series = new Map<string, Value>();
  readonly #seriesMax: number;
  readonly #make: () => Value;
  readonly #onOverflow: () => void;

  /** Made by a {@link Registry} only. */
  constructor(
    make: () => Value,
    { seriesMax = SERIES_MAX, onOverflow }: {
      seriesMax?: number | undefined;
      onOverflow: () => void;
    },
  ) {
    this.#make = make;
    this.#seriesMax = seriesMax;
    this.#onOverflow = onOverflow;
  }

  /** The series of one label set, at 0 when it is new. */
  with(labels: Labels = {}): Value {
    return this.at(renderLabels(labels));
  }

  /** As {@link with}, by text that {@link renderLabels} would write. */
  at(labels: string): Value {
    const known = this.#series.get(labels);
    if (known !== undefined) return known;
    if (this.isFull && labels !== OVERFLOW_LABELS) {
      this.#onOverflow();
      return this.at(OVERFLOW_LABELS);
    }
    const made = this.#make();
    this.#series.set(labels, made);
    return made;
  }

  /** Whether a new label set would be counted as overflow. */
  get isFull(): boolean {
    return this.#series.size >= this.#seriesMax;
  }

  /** Drops a series, such as that of a pod that is gone; no cell of it may be in use. */
  delete(labels: Labels): void {
    this.#series.delete(renderLabels(labels));
  }

  entries(): IterableIterator<[labels: string, Value]> {
    return this.#series.entries();
  }
}

export type Counter = Family<Cell>;
export type Gauge = Family<Cell>;
export type Histogram = Family<HistogramCell>;

/** One series of a histogram. */
export class HistogramCell {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > this.#bounds[bucket]!) {
      bucket++;
    }
    this.#counts[bucket]!++;
    this.#sum += value;
  }

  read(): { counts: readonly number[]; sum: number } {
    return { counts: [...this.#counts], sum: this.#sum };
  }
}

/** All metrics of one thread. */
export class Registry {
  readonly #names = new Set<string>();
  readonly #snapshots: (() => FamilySnapshot)[] = [];
  readonly #collectors: (() => void)[] = [];
  readonly #overflows: Counter;

  constructor() {
    this.#overflows = this.counter({
      name: "hairpin_metrics_overflows",
      help:
        "The number of times a label set was past the limit of its metric and was counted under overflow instead",
    });
  }

  counter(options: FamilyOptions): Counter {
    return this.#values("counter", options);
  }

  gauge(options: FamilyOptions): Gauge {
    return this.#values("gauge", options);
  }

  /** @param bounds Upper bounds of the buckets, rising, without infinity. */
  histogram(options: FamilyOptions, bounds: readonly number[]): Histogram {
    const family = this.#family(options, () => new HistogramCell(bounds));
    const { seriesMax: _, ...head } = options;
    this.#snapshots.push(() => ({
      ...head,
      type: "histogram",
      bounds,
      series: Array.from(family.entries(), ([l, cell]) => [l, cell.read()]),
    }));
    return family;
  }

  /** Has `collect` run before every snapshot, to bring gauges up to date. */
  onSnapshot(collect: () => void): void {
    this.#collectors.push(collect);
  }

  snapshot(): MetricsSnapshot {
    for (const collect of this.#collectors) collect();
    return this.#snapshots.map((snapshot) => snapshot());
  }

  #values(type: "counter" | "gauge", options: FamilyOptions): Family<Cell> {
    const family = this.#family(options, () => ({ value: 0 }));
    const { seriesMax: _, ...head } = options;
    this.#snapshots.push(() => ({
      ...head,
      type,
      series: Array.from(family.entries(), ([l, cell]) => [l, cell.value]),
    }));
    return family;
  }

  #family<Value>(options: FamilyOptions, make: () => Value): Family<Value> {
    const { name, help, unit, seriesMax } = options;
    assert(/^[a-z_][a-z0-9_]*$/.test(name), `metric name "${name}"`);
    assert(!name.endsWith("_total"), `suffix of "${name}"`);
    assert(!help.endsWith("."), `full stop in the help of "${name}"`);
    assert(
      unit === undefined || name.endsWith(`_${unit}`),
      `unit of "${name}"`,
    );
    assert(!this.#names.has(name), `second metric "${name}"`);
    this.#names.add(name);
    const onOverflow = () => this.#overflows.with({ metric: name }).value++;
    return new Family(make, { seriesMax, onOverflow });
  }
}
