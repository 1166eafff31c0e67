/** Which file imports which, and which of these imports may not be. */
import { blankNonCode } from "./blank.ts";
import { type Finding, lineAt, rowOf, type SourceFile } from "./source.ts";

/** One import of a local file. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly line: number;
  /** Whether only types are imported; such an import is gone at run time. */
  readonly typeOnly: boolean;
}

/** The rows of src/, top first, each with the rows above it that it may import. */
export const ROWS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  model: ["base"],
  config: ["base", "model"],
  telemetry: ["base", "model"],
  wire: ["base", "model"],
  decide: ["base", "model"],
  kube: ["base", "model", "config"],
  sys: ["base"],
  redirect: ["base", "model", "sys", "telemetry"],
  net: ["base", "model", "config", "telemetry", "wire", "sys"],
  control: [
    "base",
    "model",
    "config",
    "telemetry",
    "wire",
    "kube",
    "net",
    "sys",
    "redirect",
  ],
  proxy: ["base", "model", "config", "telemetry", "wire", "decide", "net"],
  worker: [
    "base",
    "model",
    "config",
    "telemetry",
    "wire",
    "decide",
    "kube",
    "sys",
    "redirect",
    "net",
    "control",
    "proxy",
  ],
  admin: ["base", "model", "config", "telemetry"],
  view: ["base"],
  modes: [
    "base",
    "model",
    "config",
    "telemetry",
    "wire",
    "decide",
    "kube",
    "sys",
    "redirect",
    "net",
    "control",
    "proxy",
    "worker",
    "admin",
    "view",
  ],
};

const STATEMENT =
  /^(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?"(\.[^"]+)"/gm;
const DYNAMIC = /\bimport\(\s*"(\.[^"]+)"\s*\)/g;
const BESIDE = /\bnew URL\(\s*"(\.[^"]+\.ts)",\s*import\.meta\.url/g;

/** The local imports of a file; also dynamic ones and a worker's entry. */
export function edgesOf(file: SourceFile): readonly Edge[] {
  const code = blankNonCode(file.text);
  const edges: Edge[] = [];
  const add = (match: RegExpMatchArray, target: string, typeOnly: boolean) => {
    // A match inside a comment or a text is no import.
    if (code.slice(match.index, match.index! + 3).trim() === "") return;
    edges.push({
      from: file.path,
      to: resolve(file.path, target),
      line: lineAt(file.text, match.index!),
      typeOnly,
    });
  };
  for (const match of file.text.matchAll(STATEMENT)) {
    add(match, match[2]!, match[1] !== undefined);
  }
  for (const match of file.text.matchAll(DYNAMIC)) add(match, match[1]!, false);
  for (const match of file.text.matchAll(BESIDE)) add(match, match[1]!, true);
  return edges;
}

function resolve(from: string, target: string): string {
  const base = new URL(`file:///${from}`);
  return decodeURIComponent(new URL(target, base).pathname).slice(1);
}

/** Imports between rows of src/ that the table does not allow. */
export function wrongWay(
  edges: readonly Edge[],
  rows: Readonly<Record<string, readonly string[]>> = ROWS,
): readonly Finding[] {
  return edges.flatMap((edge) => {
    const from = rowOf(edge.from);
    const to = rowOf(edge.to);
    if (from === undefined || from === to) return [];
    const finding = (
      message: string,
    ) => [{ path: edge.from, line: edge.line, message }];
    if (to === undefined) {
      return finding(`src/ imports ${edge.to}, which lies outside of it`);
    }
    const allowed = rows[from];
    if (allowed === undefined) return finding(`src/${from}/ is no known row`);
    return allowed.includes(to)
      ? []
      : finding(`${from}/ may not import ${to}/: ${edge.to}`);
  });
}

/** Groups of files that import each other's values, one finding a group. */
export function circles(edges: readonly Edge[]): readonly Finding[] {
  const targets = new Map<string, string[]>();
  for (const { from, to, typeOnly } of edges) {
    if (!typeOnly) targets.set(from, [...targets.get(from) ?? [], to]);
  }
  const reported = new Set<string>();
  return [...targets.keys()].sort().flatMap((path) => {
    if (reported.has(path)) return [];
    const way = wayBack(path, targets);
    if (way === undefined) return [];
    for (const step of way) reported.add(step);
    const message = `imports itself by ${way.join(" > ")}`;
    return [{ path, line: 0, message }];
  });
}

/** The shortest way from a file to itself; undefined when there is none. */
function wayBack(
  start: string,
  targets: ReadonlyMap<string, readonly string[]>,
): readonly string[] | undefined {
  const seen = new Set<string>();
  const ways: string[][] = [[start]];
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    for (const next of targets.get(way.at(-1)!) ?? []) {
      if (next === start) return [...way, start];
      if (seen.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  return undefined;
}

/** Imports of a folder's inside from another folder, where its mod.ts lists what is for others. */
export function pastMod(
  edges: readonly Edge[],
  paths: ReadonlySet<string>,
): readonly Finding[] {
  return edges.flatMap((edge) => {
    const folder = edge.to.slice(0, edge.to.lastIndexOf("/"));
    const mod = `${folder}/mod.ts`;
    const inside = edge.from.startsWith(`${folder}/`);
    if (inside || edge.to === mod || !paths.has(mod)) return [];
    if (rowOf(edge.from) === undefined) return [];
    const message = `imports ${edge.to} past ${mod}`;
    return [{ path: edge.from, line: edge.line, message }];
  });
}
