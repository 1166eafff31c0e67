import { hasProgram, type Lab, LabError, type LabPod } from "../lab/mod.ts";

/** What to ask of a server over HTTP/1.1. */
export interface Load {
  readonly url: string;
  readonly connections: number;
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
  for (const program of [...folder ? [`${folder}/fortio`] : [], "fortio"]) {
    if (await hasProgram(program)) return fortio(program);
  }
  return ownGenerator();
}

function fortio(program: string): LoadGenerator {
  return {
    name: "fortio",
    async run(lab, from, load) {
      const command = [program, ...fortioArguments(load)];
      return readFortio(await output(lab, from, command, load));
    },
  };
}

function fortioArguments(load: Load): string[] {
  return [
    ...["load", "-quiet", "-json", "-", "-p", "50,90,99"],
    // Its own resolution is a millisecond; a mesh on one machine is faster.
    ...["-r", "0.00001", `-keepalive=${load.keepalive}`],
    ...["-c", `${load.connections}`, "-qps", `${load.rate}`],
    ...["-t", `${load.seconds}s`, load.url],
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

/** @throws {LabError} when a request was not answered with 200. */
export function readFortio(text: string): LoadResult {
  const report: FortioReport = JSON.parse(text);
  const { Count: requests, Percentiles } = report.DurationHistogram;
  if (report.RetCodes["200"] !== requests) {
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
        await output(lab, from, [...program, JSON.stringify(load)], load),
      );
    },
  };
}

async function output(
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
