import { hasProgram, type Lab, LabError, type LabPod } from "../lab/mod.ts";

/** What to ask of a server. */
export interface Load {
  /** For gRPC `HOST:PORT`. */
  readonly url: string;
  readonly connections: number;
  /** Requests at a time on each connection, where the protocol can. Default 1. */
  readonly streams?: number;
  /** Requests per second over all connections; 0: as many as go. */
  readonly rate: number;
  readonly seconds: number;
  /** False: every request opens a connection of its own. */
  readonly keepalive: boolean;
}

/** What came of it. Times in milliseconds, of whole requests. */
export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** A program that makes load and the way to read its report. */
export interface LoadGenerator {
  readonly name: string;
  run(lab: Lab, from: LabPod, load: Load): Promise<LoadResult>;
}

const OWN_PROGRAM = new URL("./programs/load.ts", import.meta.url).pathname;

/** fortio, when a folder of test programs or the PATH has it; else a small one of our own. */
export async function findLoadGenerator(
  folder: string | undefined,
): Promise<LoadGenerator> {
  const program = await findFortio(folder);
  return program === undefined ? ownGenerator() : fortio(program);
}

/** fortio, by path or name; undefined when there is none. */
export async function findFortio(
  folder: string | undefined,
): Promise<string | undefined> {
  for (const program of [...folder ? [`${folder}/fortio`] : [], "fortio"]) {
    if (await hasProgram(program)) return program;
  }
  return undefined;
}

function fortio(program: string): LoadGenerator {
  return {
    name: "fortio",
    async run(lab, from, load) {
      const more = [`-keepalive=${load.keepalive}`];
      const command = [program, ...fortioArguments(load, more)];
      return readFortio(await runLoad(lab, from, command, load));
    },
  };
}

/** Calls of fortio's own gRPC service. */
export function fortioGrpc(program: string): LoadGenerator {
  return {
    name: "fortio -grpc",
    async run(lab, from, load) {
      const more = ["-grpc", "-ping", "-s", `${load.streams ?? 1}`];
      const command = [program, ...fortioArguments(load, more)];
      return readFortio(await runLoad(lab, from, command, load));
    },
  };
}

function fortioArguments(load: Load, more: readonly string[]): string[] {
  return [
    ...["load", "-quiet", "-json", "-", "-p", "50,90,99"],
    // Its own resolution is a millisecond; a mesh on one machine is faster.
    ...["-r", "0.00001"],
    ...["-c", `${load.connections}`, "-qps", `${load.rate}`],
    ...["-t", `${load.seconds}s`, ...more, load.url],
  ];
}

/** The part of fortio's report that is read here. */
interface FortioReport {
  readonly ActualQPS: number;
  readonly RetCodes: Readonly<Record<string, number>>;
  readonly DurationHistogram: {
    readonly Count: number;
    readonly Percentiles: readonly {
      readonly Percentile: number;
      readonly Value: number;
    }[];
  };
}

/** What fortio calls a good answer, over HTTP and over gRPC. */
const GOOD_CODES = ["200", "SERVING"];

/** @throws {LabError} when a request got no good answer. */
export function readFortio(text: string): LoadResult {
  const report: FortioReport = JSON.parse(text);
  const { Count: requests, Percentiles } = report.DurationHistogram;
  if (!GOOD_CODES.some((code) => report.RetCodes[code] === requests)) {
    throw new LabError(
      `Cannot use load report: codes ${JSON.stringify(report.RetCodes)}`,
    );
  }
  const at = (wanted: number) =>
    (Percentiles.find(({ Percentile }) => Percentile === wanted)?.Value ??
      NaN) * 1_000;
  return {
    requests,
    perSecond: report.ActualQPS,
    p50: at(50),
    p90: at(90),
    p99: at(99),
  };
}

function ownGenerator(): LoadGenerator {
  return {
    name: "tests/bench/programs/load.ts",
    async run(lab, from, load) {
      const program = [
        Deno.execPath(),
        "run",
        "--no-config",
        "--allow-net",
        OWN_PROGRAM,
      ];
      return JSON.parse(
        await runLoad(lab, from, [...program, JSON.stringify(load)], load),
      );
    },
  };
}

/** What the program prints. @throws {LabError} when it fails. */
export async function runLoad(
  lab: Lab,
  from: LabPod,
  command: readonly string[],
  load: Load,
): Promise<string> {
  const timeoutMs = (load.seconds + 30) * 1_000;
  const result = await lab.exec(from, command, { timeoutMs });
  if (result.code === 0) return result.stdout;
  const said = (result.stderr || result.stdout).trim().slice(-1_000);
  throw new LabError(`Cannot load "${load.url}": code ${result.code}: ${said}`);
}
