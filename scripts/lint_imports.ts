/**
 * Checks what neither compiler nor linter knows: import direction, circles,
 * effects in the core, FFI outside of its folder, file length, doc comments.
 *
 *     deno run --allow-read=. scripts/lint_imports.ts
 */
import {
  countDocs,
  DOCUMENTED_MIN_PERCENT,
  documentedPercent,
} from "./lint/docs.ts";
import { circles, edgesOf, pastMod, wrongWay } from "./lint/imports.ts";
import { impure, strayDlopen } from "./lint/purity.ts";
import { tooLong } from "./lint/size.ts";
import { type Finding, formatFinding, type SourceFile } from "./lint/source.ts";

/** Everything that is wrong with the given files of the project, in one list. */
export function lint(files: readonly SourceFile[]): readonly string[] {
  const edges = files.flatMap(edgesOf);
  const paths = new Set(files.map((file) => file.path));
  const findings: Finding[] = [
    ...wrongWay(edges),
    ...pastMod(edges, paths),
    ...circles(edges),
    ...files.flatMap((file) => [
      ...impure(file),
      ...strayDlopen(file),
      ...tooLong(file),
    ]),
  ];
  return [...findings.map(formatFinding), ...lintDocs(files)];
}

/** Names the exports without a comment once there are too many of them. */
function lintDocs(files: readonly SourceFile[]): readonly string[] {
  const counts = files.filter((file) => file.path.startsWith("src/"))
    .map(countDocs);
  const percent = documentedPercent(counts);
  if (percent >= DOCUMENTED_MIN_PERCENT) return [];
  return [
    ...counts.flatMap((count) => count.undocumented).map(formatFinding),
    `src/: ${percent} % of exports have a doc comment, want ${DOCUMENTED_MIN_PERCENT} %`,
  ];
}

/** Every TypeScript file of the product, its scripts and its tests. */
export async function readSources(root: string): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for (const top of ["main.ts", "src", "scripts", "tests"]) {
    await collect(root, top, files);
  }
  return files.sort((a, b) => a.path < b.path ? -1 : 1);
}

async function collect(
  root: string,
  path: string,
  into: SourceFile[],
): Promise<void> {
  const info = await Deno.stat(`${root}/${path}`).catch(() => undefined);
  if (info?.isFile && path.endsWith(".ts")) {
    into.push({ path, text: await Deno.readTextFile(`${root}/${path}`) });
  }
  if (info?.isDirectory !== true || path.endsWith("/node_modules")) return;
  for await (const entry of Deno.readDir(`${root}/${path}`)) {
    await collect(root, `${path}/${entry.name}`, into);
  }
}

if (import.meta.main) {
  const root = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
  const found = lint(await readSources(root));
  for (const line of found) console.error(line);
  Deno.exit(found.length === 0 ? 0 : 1);
}
