/** What a module loads beside its imports, by its own address. */
import { blankNonCode } from "../lint/blank.ts";
import { type Finding, lineAt, type SourceFile } from "../lint/source.ts";

/** What one file needs at run time that no module graph shows. */
export interface Beside {
  /** Paths from the repository's root: a worker's entry point (`.ts`), or an asset. */
  readonly needs: readonly string[];
  /** Places where nobody can tell what is loaded. */
  readonly findings: readonly Finding[];
}

/** Files that reach for others only where they run from source. */
export const FROM_SOURCE_ONLY: readonly string[] = [
  // Names main.ts in a script; a compiled program copies itself instead.
  "src/control/cni/program.ts",
];

const LITERAL_URL = /new URL\(\s*"([^"]+)",\s*import\.meta\.url\s*,?\s*\)/y;
const LITERAL_IMPORT = /import\(\s*"[^"]+"/y;
const URL_START = /new URL\(/g;
const IMPORT_START = /\bimport\s*\(/g;
const META = /\bimport\.meta\b/g;

/**
 * Finds `new URL("…", import.meta.url)`, which names a worker or an asset, and
 * every import and use of `import.meta` whose target is not written out.
 */
export function besideOf(file: SourceFile): Beside {
  if (FROM_SOURCE_ONLY.includes(file.path)) return { needs: [], findings: [] };
  const code = blankNonCode(file.text);
  const named = matchesAt(code, URL_START, file.text, LITERAL_URL);
  const imports = startsOf(code, IMPORT_START);
  const literal = matchesAt(code, IMPORT_START, file.text, LITERAL_IMPORT);
  const unclear = [
    ...imports.filter((at) => !literal.has(at)).map((at) =>
      found(file, at, "imports what is only known at run time")
    ),
    ...startsOf(code, META).filter((at) => !isWithin(at, named)).map((at) =>
      found(file, at, "uses import.meta but in new URL(TEXT, import.meta.url)")
    ),
  ];
  return {
    needs: [...named.values()].map(([, target]) => resolve(file.path, target!)),
    findings: unclear,
  };
}

const found = (
  { path, text }: SourceFile,
  at: number,
  message: string,
): Finding => ({ path, line: lineAt(text, at), message });

const startsOf = (code: string, pattern: RegExp): number[] =>
  Array.from(code.matchAll(pattern), ({ index }) => index);

/** What begins in code, read from the text, where strings still are. */
function matchesAt(
  code: string,
  starts: RegExp,
  text: string,
  whole: RegExp,
): Map<number, RegExpExecArray> {
  return new Map(
    startsOf(code, starts).flatMap((at) => {
      whole.lastIndex = at;
      const match = whole.exec(text);
      return match === null ? [] : [[at, match] as const];
    }),
  );
}

const isWithin = (at: number, matches: Map<number, RegExpExecArray>): boolean =>
  [...matches].some(([start, [whole]]) =>
    start <= at && at < start + whole!.length
  );

function resolve(from: string, target: string): string {
  const { pathname } = new URL(target, new URL(`file:///${from}`));
  return decodeURIComponent(pathname).slice(1);
}
