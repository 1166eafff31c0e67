import { LabError } from "./command.ts";
import {
  isAlive,
  parseResidentKiB,
  readProcessStat,
  TICKS_PER_SECOND,
} from "./proc_stat.ts";
import { recordProcess, type Run, runPath } from "./run_folder.ts";

export interface StartOptions {
  /** Added to the caller's environment. Default: nothing. */
  readonly env?: Readonly<Record<string, string>>;
  /** Working directory. Default: the caller's. */
  readonly cwd?: string;
}

/** How long a program may take to print what is waited for. */
const LOG_WAIT_MS = 30_000;
/** Between SIGTERM and SIGKILL: longer than any drain that a test asks for. */
const STOP_GRACE_MS = 10_000;
const POLL_MS = 20;
const TAIL_LINES = 30;

// The shell becomes the program (exec, twice), so the id is the program's own
// from the start. Output goes to a file and not through a pipe to the owner:
// it costs the measured program nothing and outlives an owner that is killed.
const LAUNCH = 'log=$1; shift; exec "$@" >>"$log" 2>&1';

/** A program that a lab started: its id, its log file and its end. */
export class LabProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #startTicks: number;
  #status: Deno.CommandStatus | undefined;

  private constructor(
    readonly name: string,
    readonly logPath: string,
    /** How many characters an earlier program of that name had left in the log. */
    readonly logStart: number,
    child: Deno.ChildProcess,
  ) {
    this.#child = child;
    this.#startTicks = readProcessStat(child.pid)?.startTicks ?? 0;
    child.status.then((status) => this.#status = status);
  }

  /** Starts the program and writes its id into the run's folder. */
  static start(
    run: Run,
    name: string,
    command: readonly string[],
    options: StartOptions = {},
  ): LabProcess {
    const logPath = `${runPath(run)}/logs/${name}.log`;
    Deno.mkdirSync(`${runPath(run)}/logs`, { recursive: true });
    const logStart = textOf(logPath).length;
    const child = new Deno.Command("sh", {
      args: ["-c", LAUNCH, "sh", logPath, ...command],
      stdin: "null",
      stdout: "null",
      stderr: "null",
      env: options.env ?? {},
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    }).spawn();
    recordProcess(run, child.pid);
    return new LabProcess(name, logPath, logStart, child);
  }

  get pid(): number {
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#status === undefined;
  }

  /** The end of the process, by itself or by `stop()`. */
  get ended(): Promise<Deno.CommandStatus> {
    return this.#child.status;
  }

  /** All that the program printed so far, standard output and error in one. */
  log(): string {
    return textOf(this.logPath);
  }

  /** The same, by lines. */
  lines(): string[] {
    return this.log().split("\n").filter((line) => line !== "");
  }

  /**
   * Waits until the log (after its first `from` characters) matches.
   *
   * @throws {LabError} with the log's last lines when the program ends first or the time is up.
   */
  untilLog(
    pattern: RegExp,
    { timeoutMs = LOG_WAIT_MS, from = 0 } = {},
  ): Promise<RegExpExecArray> {
    const find = (log: string) => pattern.exec(log.slice(from)) ?? undefined;
    return this.untilFound(`${pattern}`, find, timeoutMs);
  }

  /**
   * Waits until something is found in the log.
   *
   * @throws {LabError} as `untilLog` does.
   */
  async untilFound<T>(
    what: string,
    find: (log: string) => T | undefined,
    timeoutMs = LOG_WAIT_MS,
  ): Promise<T> {
    const deadline = performance.now() + timeoutMs;
    while (true) {
      const ended = !this.running; // asked first: the last words are read after it
      const found = find(this.log());
      if (found !== undefined) return found;
      if (ended) throw this.failure(`it ended without printing ${what}`);
      if (performance.now() > deadline) {
        throw this.failure(`no ${what} in ${timeoutMs} ms`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Seconds of processor time that all its threads used since the start; 0 after its end. */
  cpuSeconds(): number {
    return (readProcessStat(this.pid)?.cpuTicks ?? 0) / TICKS_PER_SECOND;
  }

  /** Resident memory in MiB. */
  residentMiB(): number {
    return parseResidentKiB(Deno.readTextFileSync(`/proc/${this.pid}/status`)) /
      1024;
  }

  signal(signal: Deno.Signal): void {
    if (this.#startTicks !== 0 && isAlive(this.pid, this.#startTicks)) {
      Deno.kill(this.pid, signal);
    }
  }

  /** SIGTERM, and SIGKILL after the grace time. */
  async stop(graceMs: number = STOP_GRACE_MS): Promise<Deno.CommandStatus> {
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.signal("SIGKILL"), graceMs);
    try {
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** An error that carries the last lines of the log. */
  failure(state: string): LabError {
    const tail = this.lines().slice(-TAIL_LINES).join("\n");
    return new LabError(`Cannot use "${this.name}": ${state}\n${tail}`);
  }
}

function textOf(logPath: string): string {
  try {
    return Deno.readTextFileSync(logPath);
  } catch {
    return ""; // nothing printed, not even the file made
  }
}
