/** What the core must not do itself: it is handed time, chance and the system. */
import { blankNonCode } from "./blank.ts";
import { type Finding, lineAt, rowOf, type SourceFile } from "./source.ts";

/** Rows whose code has no effects: their tests pass with no permission. */
export const CORE: readonly string[] = [
  "base",
  "model",
  "config",
  "wire",
  "decide",
  "kube",
];

const BANNED: readonly [shape: RegExp, instead: string][] = [
  [/\bDeno\./g, "take what it gives as a parameter"],
  [/(?<![.\w])(?:setTimeout|setInterval)\(/g, "take a clock"],
  [/\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b/g, "take the time"],
  [
    /\bMath\.random\b|\bcrypto\.(?:getRandomValues|randomUUID)\b/g,
    "take a source of chance",
  ],
  [/(?<![.\w])console\./g, "return what is to be said"],
  [/(?<![.\w])fetch\(/g, "take the answer"],
];

/** Effects in the core, each with what to do instead. */
export function impure(file: SourceFile): readonly Finding[] {
  const row = rowOf(file.path);
  if (row === undefined || !CORE.includes(row)) return [];
  const code = blankNonCode(file.text);
  return BANNED.flatMap(([shape, instead]) =>
    [...code.matchAll(shape)].map((match) => ({
      path: file.path,
      line: lineAt(code, match.index),
      message: `${match[0]} has no place in ${row}/: ${instead}`,
    }))
  );
}

/** `Deno.dlopen` anywhere but in `src/sys/`. */
export function strayDlopen(file: SourceFile): readonly Finding[] {
  if (rowOf(file.path) === "sys") return [];
  const code = blankNonCode(file.text);
  return [...code.matchAll(/\bDeno\s*\.\s*dlopen\b/g)].map((match) => ({
    path: file.path,
    line: lineAt(code, match.index),
    message: "Deno.dlopen belongs in src/sys/",
  }));
}
