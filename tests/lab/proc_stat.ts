/** What `/proc/PID/stat` says of one process. Times in clock ticks. */
export interface ProcessStat {
  /** One letter: `R`, `S`, `Z` for a zombie … */
  readonly state: string;
  /** Since boot; with the process id it names one process for good. */
  readonly startTicks: number;
  /** User and system time of all its threads. */
  readonly cpuTicks: number;
}

/** Linux reports process times to user space in this unit on every architecture that Deno runs on. */
export const TICKS_PER_SECOND = 100;

/**
 * Reads the text of `/proc/PID/stat`.
 *
 * @returns undefined when the text is not of that shape.
 * @see proc_pid_stat(5), fields 3, 14, 15 and 22
 */
export function parseProcessStat(text: string): ProcessStat | undefined {
  // The second field is the program's name in parentheses and may hold
  // anything, spaces and parentheses too: count from the last one.
  const fields = text.slice(text.lastIndexOf(")") + 2).trim().split(" ");
  const state = fields[0] ?? "";
  const [user, system, start] = [fields[11], fields[12], fields[19]].map(
    Number,
  );
  if (user === undefined || system === undefined || start === undefined) {
    return undefined;
  }
  if (!Number.isInteger(user + system + start)) return undefined;
  return { state, startTicks: start, cpuTicks: user + system };
}

/** Resident memory in KiB from the text of `/proc/PID/status`, 0 for a process that has none. */
export function parseResidentKiB(text: string): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0);
}

/** The stat of a live process, undefined when there is none of that id. */
export function readProcessStat(pid: number): ProcessStat | undefined {
  try {
    return parseProcessStat(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return undefined;
  }
}

/**
 * True while that very process lives: the id alone could have been given to
 * another one. A zombie, whose parent has not asked for its end, is dead.
 */
export function isAlive(pid: number, startTicks: number): boolean {
  const stat = readProcessStat(pid);
  return stat?.startTicks === startTicks && stat.state !== "Z" &&
    stat.state !== "X";
}
