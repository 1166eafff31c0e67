/** Pieces of Markdown; `deno fmt` brings them into shape afterwards. */

/** A table; a `|` in a cell stays text. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const rule = head.map(() => "---");
  return [head, rule, ...rows].map(line).join("\n");
}

/** A text as it is typed; empty where there is none. */
export const code = (text: string | undefined): string =>
  text === undefined || text === "" ? "" : `\`${text}\``;

/** Joins the parts of a page, one empty line between two. */
export const page = (...parts: readonly string[]): string =>
  `${parts.map((part) => part.trim()).join("\n\n")}\n`;

/** What a reader of the source has to know who would change a page by hand. */
export const GENERATED =
  "<!-- Made by `deno task docs` from the source: change that, not this page. -->";
