/** Where logs are, and what stands at their ends. */
import { podUidOfCgroup } from "../../kube/mod.ts";
import { readKernelFile } from "../../sys/kernel_file.ts";
import { linkTarget } from "../../sys/link_target.ts";
import { LOG_FILES_MAX, LOG_READ_MAX } from "./limits.ts";
import { type LogEntry, readLogLine } from "./log_lines.ts";

/** Where a kubelet keeps what containers write. */
const KUBELET_LOGS = "/var/log/pods";

/** A file that could be read, from somewhere on to its end. */
export interface ReadLog {
  readonly path: string;
  readonly lines: readonly string[];
  /** Those of a proxy. */
  readonly entries: readonly LogEntry[];
  /** Where it ended, in octets. */
  readonly end: number;
}

/** Logs as they were given and found. */
export interface FoundLogs {
  /** The one of the proxy; undefined when none can be read. */
  readonly proxy: ReadLog | undefined;
  /** What else was given. */
  readonly others: readonly ReadLog[];
  /** Given, and not to be read. */
  readonly unreadable: readonly string[];
}

/**
 * Reads the logs that are named, and the proxy's own where it is in none of
 * them: from a kubelet's folder, or the file that the process writes to.
 */
export async function findLogs(
  given: readonly string[],
  pid: number | undefined,
): Promise<FoundLogs> {
  const read: ReadLog[] = [];
  const unreadable: string[] = [];
  for (const path of given) {
    const log = await readLog(path);
    if (log === undefined) unreadable.push(path);
    else read.push(log);
  }
  const named = read.find(({ entries }) => entries.length > 0);
  const path = named === undefined && pid !== undefined
    ? await kubeletLog(pid) ?? outputOf(pid)
    : undefined;
  return {
    proxy: named ?? (path === undefined ? undefined : await readLog(path)),
    others: read.filter((log) => log !== named),
    unreadable,
  };
}

/**
 * The end of a file.
 *
 * @param from Where to begin, in octets. Default: {@link LOG_READ_MAX} before the end.
 * @returns undefined when it cannot be read, or is no file.
 */
export async function readLog(
  path: string,
  from = 0,
): Promise<ReadLog | undefined> {
  try {
    // A pipe would lose to us what is meant for others.
    if (!(await Deno.stat(path)).isFile) return undefined;
    using file = await Deno.open(path);
    const { size } = await file.stat();
    const start = Math.max(from, size - LOG_READ_MAX, 0);
    const text = await textBetween(file, start, size);
    const lines = text.split("\n").filter((line) => line !== "");
    const entries = lines.flatMap((line) => readLogLine(line) ?? []);
    return { path, lines, entries, end: size };
  } catch {
    return undefined; // it is not there, or not for us
  }
}

async function textBetween(
  file: Deno.FsFile,
  start: number,
  end: number,
): Promise<string> {
  const octets = new Uint8Array(Math.max(0, end - start));
  await file.seek(start, Deno.SeekMode.Start);
  let length = 0;
  while (length < octets.length) {
    const count = await file.read(octets.subarray(length));
    if (count === null) break;
    length += count;
  }
  return new TextDecoder().decode(octets.subarray(0, length));
}

/** The newest file of the containers of a process's pod. */
async function kubeletLog(pid: number): Promise<string | undefined> {
  const uid = podUidOfCgroup(readKernelFile(`/proc/${pid}/cgroup`) ?? "");
  if (uid === undefined) return undefined;
  const files: { path: string; time: number }[] = [];
  for (const pod of namesIn(KUBELET_LOGS)) {
    if (!pod.endsWith(`_${uid}`)) continue;
    for (const container of namesIn(`${KUBELET_LOGS}/${pod}`)) {
      const folder = `${KUBELET_LOGS}/${pod}/${container}`;
      for (const name of namesIn(folder)) {
        if (!name.endsWith(".log")) continue;
        const path = `${folder}/${name}`;
        const info = await Deno.stat(path).catch(() => undefined);
        if (info?.isFile) files.push({ path, time: Number(info.mtime) });
      }
    }
  }
  return files.sort((a, b) => b.time - a.time)[0]?.path;
}

/** Where a process's output goes, when that is a file. */
function outputOf(pid: number): string | undefined {
  const path = linkTarget(`/proc/${pid}/fd/1`) ?? "";
  try {
    return path.startsWith("/") && Deno.statSync(path).isFile
      ? path
      : undefined;
  } catch {
    return undefined; // a file that is gone, or elsewhere for us
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name)
      .slice(0, LOG_FILES_MAX);
  } catch {
    return []; // not there, or no folder
  }
}
