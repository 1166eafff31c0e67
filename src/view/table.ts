import { CELL_LENGTH_MAX } from "./limits.ts";

/** What a table shows: a header, then rows with as many cells. */
export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Columns as wide as their widest cell, one blank between, none behind the last. */
export function renderTable({ header, rows }: Table): string {
  const lines = [header, ...rows].map((row) => row.map(cleanCell));
  const widths = header.map((_, column) =>
    lines.reduce((width, row) => Math.max(width, widthOf(row[column])), 0)
  );
  return lines.map((row) =>
    row.map((cell, column) =>
      cell + " ".repeat((widths[column] ?? 0) - widthOf(cell))
    ).join(" ").trimEnd() + "\n"
  ).join("");
}

const widthOf = (cell = ""): number => [...cell].length;

/** A dump may hold what somebody else wrote: nothing of it may move the cursor or turn text round. */
function cleanCell(text: string): string {
  const clean = text.replaceAll(
    /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu,
    "?",
  );
  return clean.length > CELL_LENGTH_MAX
    ? `${clean.slice(0, CELL_LENGTH_MAX - 1)}…`
    : clean;
}
