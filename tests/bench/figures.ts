/** One metric of one benchmark, as several rounds measured it. */
export interface Figure {
  readonly benchmark: string;
  readonly subject: string;
  readonly metric: string;
  readonly unit: string;
  readonly rounds: readonly number[];
}

/** The middle value; the mean of the two middle ones of an even count; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = NaN, high = NaN] = sorted.slice(
    middle - (sorted.length % 2 === 0 ? 1 : 0),
  );
  return sorted.length % 2 === 0 ? (low + high) / 2 : low;
}

/** Figures of the same metric joined, each round's value after the other. */
export function joinRounds(figures: readonly Figure[]): Figure[] {
  const groups = Map.groupBy(
    figures,
    (f) => `${f.benchmark} ${f.metric} ${f.subject}`,
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first
      ? [{ ...first, rounds: group.flatMap((figure) => figure.rounds) }]
      : [];
  });
}

/** A table of medians: a row per metric, a column per subject, and hairpin's ratios to the others. */
export function figureTable(
  figures: readonly Figure[],
  subjects: readonly string[],
): string {
  const others = subjects.includes("hairpin")
    ? subjects.filter((s) => s !== "hairpin")
    : [];
  const head = [
    "benchmark",
    "metric",
    ...subjects,
    ...others.map((other) => `hairpin/${other}`),
  ];
  const rows = Map.groupBy(
    figures,
    (figure) => `${figure.benchmark} ${figure.metric}`,
  );
  const body = [...rows.values()].map((row) => tableRow(row, subjects, others));
  return alignColumns([head, ...body]);
}

function tableRow(
  row: readonly Figure[],
  subjects: readonly string[],
  others: readonly string[],
): string[] {
  const [first] = row;
  const value = (subject: string) =>
    median(row.find((figure) => figure.subject === subject)?.rounds ?? []);
  const ratios = others.map((other) => value("hairpin") / value(other));
  return [
    first?.benchmark ?? "",
    `${first?.metric} (${first?.unit})`,
    ...subjects.map((subject) => format(value(subject))),
    ...ratios.map((ratio) =>
      Number.isFinite(ratio) ? `${ratio.toFixed(2)}x` : "-"
    ),
  ];
}

function format(value: number): string {
  if (Number.isNaN(value)) return "-";
  if (value >= 1_000) return Math.round(value).toString();
  return value >= 10 ? value.toFixed(1) : value.toFixed(3);
}

function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0))
  );
  const line = (row: readonly string[]) =>
    row.map((cell, column) =>
      column < 2
        ? cell.padEnd(widths[column] ?? 0)
        : cell.padStart(widths[column] ?? 0)
    ).join("  ").trimEnd();
  return rows.map(line).join("\n");
}
