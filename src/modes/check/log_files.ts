/** Where logs are, and what stands at their ends. */
import { podUidOfCgroup } from "../../kube/mod.ts";
import { readKernelFile } from "../../sys/kernel_file.ts";
import { linkTarget } from "../../sys/link_target.ts";
import { journalCommand, readJournal, writesToJournal } from "./journal.ts";
import { LOG_FILES_MAX } from "./limits.ts";
import { type ReadLog, readLogFile, readLogInput } from "./log_source.ts";

/** Where a kubelet keeps what containers write. */
const KUBELET_LOGS = "/var/log/pods";

/** Logs as they were given and found. */
export interface FoundLogs {
  /** The one of the proxy; undefined when none can be read. */
  readonly proxy: ReadLog | undefined;
  /** What else was given. */
  readonly others: readonly ReadLog[];
  /** Given, and not to be read. */
  readonly unreadable: readonly string[];
  /** The command by which the proxy's is handed over, where it is not to be read here. */
  readonly elsewhere?: string;
}

/**
 * Reads the logs that are named, and the proxy's own where it is in none of
 * them: from a kubelet's folder, the file that the process writes to, or the
 * journal.
 *
 * @param given Paths; `-` is standard input.
 */
export async function findLogs(
  given: readonly string[],
  pid: number | undefined,
): Promise<FoundLogs> {
  const read: ReadLog[] = [];
  const unreadable: string[] = [];
  for (const path of new Set(given)) {
    const log = path === "-"
      ? await readLogInput(Deno.stdin.readable)
      : await readLogFile(path);
    if (log === undefined) unreadable.push(path);
    else read.push(log);
  }
  const named = read.find(({ entries }) => entries.length > 0);
  const own = named === undefined && pid !== undefined
    ? await ownLog(pid)
    : undefined;
  return {
    proxy: named ?? (typeof own === "string" ? undefined : own),
    others: read.filter((log) => log !== named),
    unreadable,
    ...typeof own === "string" && { elsewhere: own },
  };
}

/** The log of a process; else how it can be handed over. */
async function ownLog(pid: number): Promise<ReadLog | string | undefined> {
  const path = await kubeletLog(pid) ?? outputOf(pid);
  if (path !== undefined) return await readLogFile(path);
  if (!writesToJournal(pid)) return undefined;
  return await readJournal(pid) ?? journalCommand(pid);
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
