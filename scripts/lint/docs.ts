/** How much of what src/ exports says what it is for. */
import { type Finding, isGenerated, type SourceFile } from "./source.ts";

/**
 * Least share of exports with a doc comment, in percent. A ratchet: raise it
 * when the share has risen, never lower it.
 */
export const DOCUMENTED_MIN_PERCENT = 70;

const EXPORT =
  /^export (?:declare )?(?:default )?(?:abstract )?(?:async )?(?:function\*?|class|interface|type|const|let|enum) ([A-Za-z_$][\w$]*)/;

/** How many exports there are, and where those without a doc comment stand. */
export interface DocCount {
  readonly exports: number;
  readonly undocumented: readonly Finding[];
}

/** Counts the exported declarations of a file. Overloads count one by one. */
export function countDocs(file: SourceFile): DocCount {
  if (isGenerated(file.path)) return { exports: 0, undocumented: [] };
  const lines = file.text.split("\n");
  const undocumented: Finding[] = [];
  let exports = 0;
  for (const [index, line] of lines.entries()) {
    const name = EXPORT.exec(line)?.[1];
    if (name === undefined) continue;
    exports++;
    const before = lines[index - 1] ?? "";
    if (before.trimEnd().endsWith("*/")) continue;
    const message = `${name} has no doc comment`;
    undocumented.push({ path: file.path, line: index + 1, message });
  }
  return { exports, undocumented };
}

/** The share of documented exports, in whole percent, rounded down; 100 where there is none. */
export function documentedPercent(counts: readonly DocCount[]): number {
  const exports = counts.reduce((sum, count) => sum + count.exports, 0);
  const missing = counts.reduce((sum, c) => sum + c.undocumented.length, 0);
  return exports === 0 ? 100 : Math.floor(100 * (exports - missing) / exports);
}
