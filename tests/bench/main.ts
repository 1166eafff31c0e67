// `deno task bench [--quick] [--only NAME] [--json] …`: hairpin beside no proxy
// at all and, where there is one, beside ztunnel.

import { parseArgs } from "@std/cli/parse-args";
import { LabError, labSkipReason } from "../lab/mod.ts";
import { findZtunnel } from "../lab/ztunnel.ts";
import { type Benchmark, BENCHMARKS, type Settings } from "./benchmarks.ts";
import { worsened } from "./compare.ts";
import { type Figure, figureTable } from "./figures.ts";
import { findH2load } from "./h2load.ts";
import { findFortio, findLoadGenerator, fortioGrpc } from "./load.ts";
import { runPlan } from "./run.ts";
import { runScale, type ScaleSubject } from "./scale/mod.ts";
import {
  hairpinProxies,
  noProxies,
  startSubject,
  type Subject,
} from "./subjects.ts";
import { ztunnelProxies } from "./ztunnel_proxies.ts";

const USAGE = `deno task bench [flags]
  --quick            one round of 2 s and 500 idle connections, instead of three of 5 s and 2,000
  --only NAME,…      ${BENCHMARKS.map((benchmark) => benchmark.name).join(", ")}
                     Default: all but those of waypoints, which take minutes more, and of lanes
  --scale            instead: a control plane that tells of 1,000, 10,000 and 69,000 workloads
  --subjects NAME,…  direct, hairpin, ztunnel; for lanes also hairpin-user (--kernel-lane off) and
                     hairpin-tunnel (--node-local-lane off). Default: all that can run here
  --workers N        data-plane threads of each proxy. Default 2, as both choose on a small node
  --json             the figures of every round as JSON instead of a table
  --save FILE        the same into a file, beside the table
  --against FILE     of an earlier run: says which of hairpin's ratios are worse by a fifth or more`;

/** Whose nodes the waypoint's clients and servers are on. */
const WAYPOINT_SUBJECT = "hairpin";
/** Hairpin without what makes it fast on one node. */
const LANE_SUBJECTS: readonly string[] = ["hairpin-user", "hairpin-tunnel"];

interface Options {
  readonly benchmarks: readonly Benchmark[];
  readonly subjects: readonly string[] | undefined;
  readonly workers: number;
  readonly scale: boolean;
  readonly quick: boolean;
  readonly json: boolean;
  readonly save: string | undefined;
  readonly against: readonly Figure[] | undefined;
}

/** @throws {LabError} when a name or a number is none. */
function readOptions(args: string[]): Options | "help" {
  const flags = parseArgs(args, {
    boolean: ["scale", "quick", "json", "help"],
    string: ["only", "subjects", "workers", "save", "against"],
    unknown: (flag) => {
      throw new LabError(
        `Cannot use "${flag}": not a flag of the benchmarks\n${USAGE}`,
      );
    },
  });
  if (flags["help"] === true) return "help";
  const workers = Number(flags["workers"] ?? 2);
  if (!Number.isInteger(workers) || workers < 1) {
    throw new LabError(
      `Cannot use "--workers": not a count: ${flags["workers"]}`,
    );
  }
  return {
    benchmarks: listOf(flags["only"])?.map(benchmarkOf) ??
      BENCHMARKS.filter((b) => !b.needsWaypoint && !b.needsLanes),
    subjects: listOf(flags["subjects"]),
    workers,
    scale: flags["scale"] === true,
    quick: flags["quick"] === true,
    json: flags["json"] === true,
    save: textOf(flags["save"]),
    against: readFigures(textOf(flags["against"])),
  };
}

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

/** @throws {LabError} when the file is not what `--save` writes. */
function readFigures(path: string | undefined): Figure[] | undefined {
  if (path === undefined) return undefined;
  try {
    const figures: unknown = JSON.parse(Deno.readTextFileSync(path));
    if (Array.isArray(figures)) return figures;
  } catch (cause) {
    throw new LabError(`Cannot read "${path}"`, { cause });
  }
  throw new LabError(`Cannot compare with "${path}": no list of figures`);
}

function listOf(value: unknown): string[] | undefined {
  return typeof value === "string" && value !== ""
    ? value.split(",")
    : undefined;
}

function benchmarkOf(name: string): Benchmark {
  const found = BENCHMARKS.find((benchmark) => benchmark.name === name);
  if (found === undefined) {
    throw new LabError(`Cannot use "--only": no benchmark "${name}"`);
  }
  return found;
}

async function startSubjects(
  options: Options,
  tools: string | undefined,
  stack: AsyncDisposableStack,
): Promise<Subject[]> {
  const ztunnel = await findZtunnel(tools);
  const all = {
    direct: noProxies,
    hairpin: hairpinProxies(options.workers),
    "hairpin-user": hairpinProxies(options.workers, ["--kernel-lane", "off"]),
    "hairpin-tunnel": hairpinProxies(options.workers, [
      ...["--node-local-lane", "off", "--kernel-lane", "off"],
    ]),
    ...(ztunnel ? { ztunnel: ztunnelProxies(ztunnel, options.workers) } : {}),
  };
  const needs = options.benchmarks.map((b) => b.needsWaypoint === true);
  const lanes = options.benchmarks.some((b) => b.needsLanes === true);
  const able = needs.includes(false)
    ? Object.keys(all).filter((name) => lanes || !LANE_SUBJECTS.includes(name))
    : [WAYPOINT_SUBJECT];
  const waypoint = {
    workers: options.workers,
    fortio: await findFortio(tools),
  };
  const wanted = options.subjects ?? able;
  const subjects: Subject[] = [];
  for (const name of wanted) {
    const proxies = new Map(Object.entries(all)).get(name);
    if (proxies === undefined) {
      throw new LabError(`Cannot measure "${name}": not here`);
    }
    progress(`starting: ${name}`);
    const withWaypoint = needs.includes(true) && name === WAYPOINT_SUBJECT;
    const side = withWaypoint ? waypoint : undefined;
    const parts = { waypoint: side, lanes };
    subjects.push(stack.use(await startSubject(name, proxies, parts)));
  }
  return subjects;
}

async function measure(options: Options): Promise<void> {
  const tools = Deno.env.get("HAIRPIN_TEST_TOOLS");
  const generators = await findGenerators(tools);
  await using stack = new AsyncDisposableStack();
  const subjects = await startSubjects(options, tools, stack);
  const size = options.quick
    ? { rounds: 1, seconds: 2, idleConnections: 500 }
    : { rounds: 3, seconds: 5, idleConnections: 2_000 };
  const settings = { ...generators, ...size };
  const { benchmarks } = options;
  const plan = { benchmarks, settings, rounds: size.rounds, progress };
  const figures = await runPlan(subjects, plan);
  report(options, figures, subjects, settings);
}

async function findGenerators(tools: string | undefined) {
  const fortio = await findFortio(tools);
  const http2 = await findH2load();
  return {
    generator: await findLoadGenerator(tools),
    ...(http2 === undefined ? {} : { http2 }),
    ...(fortio === undefined ? {} : { grpc: fortioGrpc(fortio) }),
  };
}

async function measureScale(options: Options): Promise<void> {
  const ztunnel = await findZtunnel(Deno.env.get("HAIRPIN_TEST_TOOLS"));
  const able: readonly ScaleSubject[] = ztunnel === undefined
    ? ["hairpin"]
    : ["hairpin", "ztunnel"];
  const figures = await runScale({
    ...options,
    subjects: able.filter((name) => options.subjects?.includes(name) ?? true),
    ztunnel,
    progress,
  });
  if (options.json) return console.log(textOfFigures(figures));
  console.log(`\n${figureTable(figures, able)}\n`);
  keepAndCompare(options, figures);
}

const textOfFigures = (figures: readonly Figure[]): string =>
  JSON.stringify(figures, undefined, 2);

function keepAndCompare(
  { save, against }: Options,
  figures: readonly Figure[],
): void {
  if (save !== undefined) Deno.writeTextFileSync(save, textOfFigures(figures));
  if (against === undefined) return;
  const worse = worsened(figures, against);
  for (const line of worse) console.log(line);
  if (worse.length === 0) console.log("no ratio is worse by a fifth");
}

function report(
  options: Options,
  figures: readonly Figure[],
  subjects: readonly Subject[],
  { generator }: Settings,
): void {
  const { json, benchmarks, workers } = options;
  if (json) return console.log(textOfFigures(figures));
  const columns = [
    ...subjects.map(({ name }) => name),
    ...figures.map((f) => f.subject),
  ];
  console.log(`\n${figureTable(figures, [...new Set(columns)])}\n`);
  for (const { name, about } of benchmarks) console.log(`${name}: ${about}`);
  console.log(
    `load from ${generator.name}; ${workers} worker threads a proxy; medians`,
  );
  keepAndCompare(options, figures);
}

function progress(line: string): void {
  console.error(line);
}

async function main(): Promise<number> {
  const options = readOptions(Deno.args);
  if (options === "help") {
    console.log(USAGE);
    return 0;
  }
  const reason = await labSkipReason();
  if (reason !== undefined) {
    throw new LabError(`Cannot run benchmarks: ${reason}`);
  }
  await (options.scale ? measureScale(options) : measure(options));
  return 0;
}

try {
  Deno.exitCode = await main();
} catch (reason) {
  if (!(reason instanceof LabError)) throw reason;
  console.error(reason.message);
  Deno.exitCode = 1;
}
