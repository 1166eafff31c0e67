/** The parts that nftables scripts are put together from. */

/** Elements of a set or map, or a line that says nothing: an empty list is refused. */
export const elements = (items: readonly string[]): string =>
  items.length === 0 ? "" : `elements = { ${items.join(", ")} }`;

export interface Block {
  /** Such as `set pods`. */
  readonly head: string;
  readonly lines: readonly string[];
}

/**
 * A script that replaces a table as a whole: what is in force is at every
 * moment either all of the old one or all of the new one.
 *
 * @param table With its family, such as `ip hairpin-node`.
 */
export function replaceTable(table: string, blocks: readonly Block[]): string {
  return [
    // A table that is not there cannot be deleted.
    `add table ${table}`,
    `delete table ${table}`,
    `table ${table} {`,
    ...blocks.flatMap(({ head, lines }) => [
      `  ${head} {`,
      ...lines.filter((line) => line !== "").map((line) => `    ${line}`),
      "  }",
    ]),
    "}",
    "",
  ].join("\n");
}

/** A script that takes a table away, whether it is there or not. */
export const removeTable = (table: string): string =>
  `add table ${table}\ndelete table ${table}\n`;

export const hex = (value: number): string => `0x${value.toString(16)}`;
