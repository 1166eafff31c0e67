/**
 * Metrics as plain data, and their text.
 *
 * @see OpenMetrics 1.0, section 5 (text format)
 */
import { assert } from "../base/assert.ts";

/** Values by rendered label text, such as `reporter="source"`; see {@link renderLabels}. */
export type Series<Value> = readonly (readonly [labels: string, Value])[];

interface FamilyHead {
  /** Without `_total`. */
  readonly name: string;
  /** Without a full stop at the end: it is added in the text. */
  readonly help: string;
  /** Ends the name as well, as OpenMetrics wants it. */
  readonly unit?: string;
}

export interface HistogramValue {
  /** Observations by bucket, not cumulated; one more than there are bounds. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** One metric with all its series at one moment. */
export type FamilySnapshot =
  & FamilyHead
  & (
    | { readonly type: "counter" | "gauge"; readonly series: Series<number> }
    | {
      readonly type: "histogram";
      /** Upper bounds, rising, without infinity. */
      readonly bounds: readonly number[];
      readonly series: Series<HistogramValue>;
    }
  );

/** All metrics of one thread, or of several; crosses threads as it is. */
export type MetricsSnapshot = readonly FamilySnapshot[];

/** `a="x",b="y"`, in the order given. */
export function renderLabels(labels: Readonly<Record<string, string>>): string {
  let text = "";
  for (const name in labels) {
    text += `${text === "" ? "" : ","}${name}="${escapeLabel(labels[name]!)}"`;
  }
  return text;
}

/** Escapes a label value for use between double quotes. */
export const escapeLabel = (value: string): string =>
  /["\\\n]/.test(value)
    ? value.replaceAll(/["\\]/g, "\\$&").replaceAll("\n", "\\n")
    : value;

/**
 * The sum of several threads' metrics, gauges too: each thread counts its own
 * share. Families and series keep the order in which they first appear.
 */
export function mergeSnapshots(
  snapshots: readonly MetricsSnapshot[],
): MetricsSnapshot {
  const merged = new Map<string, FamilySnapshot>();
  for (const family of snapshots.flat()) {
    const known = merged.get(family.name);
    merged.set(family.name, known ? mergeFamilies(known, family) : family);
  }
  return [...merged.values()];
}

function mergeFamilies(a: FamilySnapshot, b: FamilySnapshot): FamilySnapshot {
  if (a.type === "histogram") {
    assert(b.type === "histogram", `"${b.name}" is a ${b.type} elsewhere`);
    return { ...a, series: mergeSeries(a.series, b.series, addHistograms) };
  }
  assert(b.type === a.type, `"${b.name}" is a ${b.type} elsewhere`);
  return { ...a, series: mergeSeries(a.series, b.series, (x, y) => x + y) };
}

function mergeSeries<Value>(
  a: Series<Value>,
  b: Series<Value>,
  add: (a: Value, b: Value) => Value,
): Series<Value> {
  const values = new Map(a);
  for (const [labels, value] of b) {
    const known = values.get(labels);
    values.set(labels, known === undefined ? value : add(known, value));
  }
  return [...values];
}

const addHistograms = (a: HistogramValue, b: HistogramValue) => ({
  counts: a.counts.map((count, i) => count + b.counts[i]!),
  sum: a.sum + b.sum,
});

/** The whole exposition, with `# EOF`. Families without series are left out. */
export function renderOpenMetrics(snapshot: MetricsSnapshot): string {
  const lines: string[] = [];
  for (const family of snapshot) {
    if (family.series.length === 0) continue;
    lines.push(...headLines(family));
    if (family.type === "histogram") histogramLines(family, lines);
    else valueLines(family, lines);
  }
  lines.push("# EOF\n");
  return lines.join("\n");
}

function headLines({ name, help, unit, type }: FamilySnapshot): string[] {
  const head = [`# HELP ${name} ${escapeLabel(help)}.`];
  head.push(`# TYPE ${name} ${type}`);
  if (unit !== undefined) head.push(`# UNIT ${name} ${unit}`);
  return head;
}

function valueLines(
  family: FamilySnapshot & { type: "counter" | "gauge" },
  lines: string[],
): void {
  const name = family.type === "counter" ? `${family.name}_total` : family.name;
  for (const [labels, value] of family.series) {
    lines.push(`${name}${braces(labels)} ${formatNumber(value)}`);
  }
}

function histogramLines(
  family: FamilySnapshot & { type: "histogram" },
  lines: string[],
): void {
  const { name, bounds } = family;
  for (const [labels, { counts, sum }] of family.series) {
    let count = 0;
    const comma = labels === "" ? "" : ",";
    counts.forEach((inBucket, i) => {
      count += inBucket;
      const le = formatBound(bounds[i] ?? Infinity);
      lines.push(`${name}_bucket{${labels}${comma}le="${le}"} ${count}`);
    });
    lines.push(`${name}_sum${braces(labels)} ${formatNumber(sum)}`);
    lines.push(`${name}_count${braces(labels)} ${count}`);
  }
}

const braces = (labels: string): string => labels === "" ? "" : `{${labels}}`;

function formatNumber(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}

/** A bound is always written as a float: `5.0`, never `5`. */
const formatBound = (bound: number): string =>
  Number.isInteger(bound) ? `${bound}.0` : formatNumber(bound);
