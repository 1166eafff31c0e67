/** Source files as the checks see them. */

/** One file, its path from the repository's root with `/` between. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** What a check found: where, and what to do about it. */
export interface Finding {
  readonly path: string;
  /** Counted from 1; 0 stands for the whole file. */
  readonly line: number;
  readonly message: string;
}

/** `path:line: message`, or without the line for a whole file. */
export function formatFinding({ path, line, message }: Finding): string {
  return line === 0 ? `${path}: ${message}` : `${path}:${line}: ${message}`;
}

/** Where `offset` lies, counted from 1. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

/** The row that a file of `src/` belongs to; undefined outside of it. */
export function rowOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

/** Generated code is what its generator makes of it. */
export function isGenerated(path: string): boolean {
  return path.includes("/gen/");
}
