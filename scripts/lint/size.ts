import { type Finding, isGenerated, type SourceFile } from "./source.ts";

/** Most lines of a file. Past it, a file holds two jobs. */
export const FILE_LINES_MAX = 400;

/** Files that are longer than that; generated ones excepted. */
export function tooLong(file: SourceFile): readonly Finding[] {
  if (isGenerated(file.path)) return [];
  const lines = file.text.replace(/\n$/, "").split("\n").length;
  if (lines <= FILE_LINES_MAX) return [];
  const message = `${lines} lines, at most ${FILE_LINES_MAX}: split it by job`;
  return [{ path: file.path, line: 0, message }];
}
