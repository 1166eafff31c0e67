/** What the one file of the compiled program has to hold. */
import { formatFinding, type SourceFile } from "../lint/source.ts";
import { type Graph, readGraph, union } from "./graph.ts";
import { besideOf } from "./scan.ts";

/** The entry of the program. */
export const MAIN = "main.ts";

export interface CompilePlan {
  /** Every file that is embedded, from the repository's root. */
  readonly files: readonly string[];
  /** Those that the entry's own graph does not lead to: workers' entry points and assets. */
  readonly includes: readonly string[];
  /** Imports that deno.json has to resolve. */
  readonly bare: readonly string[];
}

/** How a plan looks at the repository. */
export interface Sources {
  /** What `deno info --json` says of a file. */
  info(path: string): Promise<string>;
  read(path: string): Promise<string>;
}

/** Thrown where a compiled program would miss something, one line for each place. */
export class CompileError extends Error {
  override readonly name = "CompileError";
}

/**
 * Follows imports, workers' entry points and what those import, until nothing
 * is new.
 *
 * @param root URL of the repository's folder, with a slash at its end.
 * @throws {CompileError} when a module is missing, or loads what cannot be told.
 */
export async function planCompile(
  sources: Sources,
  root: string,
): Promise<CompilePlan> {
  const includes = new Set<string>();
  const wrong: string[] = [];
  const scanned = new Set<string>();
  const graphs: Graph[] = [];
  const todo = [MAIN];
  for (let next = todo.shift(); next !== undefined; next = todo.shift()) {
    const graph = isModule(next)
      ? readGraph(await sources.info(next), root)
      : { files: [next], bare: [], errors: [] };
    graphs.push(graph);
    for (const path of graph.files.filter((path) => !scanned.has(path))) {
      scanned.add(path);
      const { needs, findings } = await scan(sources, path);
      wrong.push(...findings);
      const fresh = needs.filter((need) => !includes.has(need));
      for (const need of fresh) includes.add(need);
      todo.push(...fresh);
    }
  }
  const { files, bare, errors } = union(graphs);
  wrong.push(...errors);
  if (wrong.length > 0) throw new CompileError(wrong.join("\n"));
  return { files, includes: [...includes].toSorted(), bare };
}

const isModule = (path: string): boolean => path.endsWith(".ts");

async function scan(sources: Sources, path: string) {
  if (!isModule(path)) return { needs: [], findings: [] };
  const file: SourceFile = { path, text: await sources.read(path) };
  const { needs, findings } = besideOf(file);
  return { needs, findings: findings.map(formatFinding) };
}
