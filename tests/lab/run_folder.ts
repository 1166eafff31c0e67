import { isAlive, readProcessStat } from "./proc_stat.ts";
import { LabError, netnsPath } from "./command.ts";

/**
 * One lab's claim: a folder whose name carries the lab's prefix and its owner.
 * It is made before anything else and removed last, so that whatever a dead
 * owner left can be found by its prefix.
 */
export interface Run {
  /** Every network namespace of the lab is named `PREFIX-…`. */
  readonly prefix: string;
  readonly pid: number;
  readonly startTicks: number;
}

// Beside iproute2's namespaces on purpose: both go away at a reboot, and who
// sees the one sees the other.
const RUNS_FOLDER = "/run/hairpin-lab";
const NETNS_FOLDER = netnsPath("");
const PREFIX_TRIES_MAX = 100;

/** The folder that holds a run's logs, configuration and list of processes. */
export function runPath(run: Run): string {
  return `${RUNS_FOLDER}/${run.prefix}.${run.pid}.${run.startTicks}`;
}

/** Reads a folder's name back. */
export function parseRunName(name: string): Run | undefined {
  const found = /^(hp-[0-9a-f]{4})\.(\d+)\.(\d+)$/.exec(name);
  const [, prefix, pid, startTicks] = found ?? [];
  if (prefix === undefined) return undefined;
  return { prefix, pid: Number(pid), startTicks: Number(startTicks) };
}

/** Claims a prefix that no other lab on this machine has. */
export function createRun(): Run {
  const startTicks = readProcessStat(Deno.pid)?.startTicks;
  if (startTicks === undefined) {
    throw new LabError("Cannot start a lab: no /proc here");
  }
  Deno.mkdirSync(RUNS_FOLDER, { recursive: true, mode: 0o700 });
  for (let tries = 0; tries < PREFIX_TRIES_MAX; tries++) {
    const run = { prefix: randomPrefix(), pid: Deno.pid, startTicks };
    if (listRuns().some((other) => other.prefix === run.prefix)) continue;
    Deno.mkdirSync(runPath(run), { mode: 0o700 });
    return run;
  }
  throw new LabError(`Cannot start a lab: no free prefix in "${RUNS_FOLDER}"`);
}

/** Writes down a process of the run, so that a sweep can end it. */
export function recordProcess(run: Run, pid: number): void {
  const startTicks = readProcessStat(pid)?.startTicks ?? 0;
  Deno.writeTextFileSync(
    `${runPath(run)}/processes`,
    `${pid} ${startTicks}\n`,
    { append: true },
  );
}

/** Removes what the runs of dead owners left. Returns their prefixes. */
export function sweepDeadRuns(): string[] {
  const dead = listRuns().filter((run) => !isAlive(run.pid, run.startTicks));
  for (const run of dead) removeRun(run);
  return dead.map((run) => run.prefix);
}

/**
 * Ends the run's processes, removes its namespaces (and with them every link,
 * route and rule) and its folder. Synchronous, so that a signal handler and the
 * end of the process can call it; what is gone already is no error.
 */
export function removeRun(run: Run): void {
  for (const [pid, startTicks] of recordedProcesses(run)) {
    if (isAlive(pid, startTicks)) killNow(pid);
  }
  for (const netns of namespacesOf(run)) {
    for (const pid of pidsIn(netns)) killNow(pid);
    ip("netns", "delete", netns);
  }
  removeFolder(runPath(run));
}

/** The network namespaces that carry the run's prefix. */
export function namespacesOf(run: Pick<Run, "prefix">): string[] {
  return namesIn(NETNS_FOLDER).filter((name) =>
    name.startsWith(`${run.prefix}-`)
  );
}

/** The processes whose network namespace is the named one. */
export function pidsIn(netns: string): number[] {
  return ip("netns", "pids", netns).split("\n").filter((line) => line !== "")
    .map(Number);
}

function listRuns(): Run[] {
  return namesIn(RUNS_FOLDER).map(parseRunName).filter((run) =>
    run !== undefined
  );
}

function recordedProcesses(run: Run): [pid: number, startTicks: number][] {
  try {
    const lines = Deno.readTextFileSync(`${runPath(run)}/processes`).trim()
      .split("\n");
    return lines.map((line) => line.split(" ").map(Number) as [number, number]);
  } catch {
    return [];
  }
}

function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map((entry) => entry.name);
  } catch {
    return [];
  }
}

function removeFolder(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch {
    // Another sweep was faster.
  }
}

function killNow(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}

function ip(...args: string[]): string {
  const { stdout } = new Deno.Command("ip", { args, stderr: "null" })
    .outputSync();
  return new TextDecoder().decode(stdout);
}

function randomPrefix(): string {
  const octets = crypto.getRandomValues(new Uint8Array(2));
  return `hp-${octets.toHex()}`;
}
