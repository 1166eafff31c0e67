/** Finds the network namespaces of pods by the processes that run in them. */
import { podUidOfCgroup } from "../kube/mod.ts";
import { type Ip, parseIp } from "../model/address.ts";
import { readKernelFile } from "../sys/kernel_file.ts";
import { closeFd, type Fd } from "../sys/libc.ts";
import {
  netnsAddresses,
  netnsId,
  openNetns,
  ownNetnsId,
} from "../sys/netns.ts";
import { processIds } from "../sys/process_ids.ts";

interface Candidate {
  readonly netns: Fd;
  /** When its process began, in clock ticks since the start of the machine. */
  readonly startedAt: number;
}

/**
 * Looks at every process of the machine once. A namespace is a pod's when a
 * process of the pod is in it, and it has one of the pod's addresses; of several
 * the one whose process is oldest.
 *
 * @param wanted Addresses of pods, by uid.
 * @param root Where the proc file system is mounted.
 * @returns Descriptors by uid, which the caller closes.
 */
export function findPodNetns(
  wanted: ReadonlyMap<string, readonly Ip[]>,
  root = "/proc",
): ReadonlyMap<string, Fd> {
  const found = new Map<string, Candidate>();
  if (wanted.size === 0) return new Map();
  for (const id of processIds(root)) {
    const folder = `${root}/${id}`;
    const uid = podUidOfCgroup(readKernelFile(`${folder}/cgroup`) ?? "");
    const ips = uid === undefined ? undefined : wanted.get(uid);
    if (uid === undefined || ips === undefined) continue;
    const candidate = candidateIn(folder, ips);
    if (candidate === undefined) continue;
    const before = found.get(uid);
    if (before !== undefined && before.startedAt <= candidate.startedAt) {
      closeFd(candidate.netns);
      continue;
    }
    if (before !== undefined) closeFd(before.netns);
    found.set(uid, candidate);
  }
  return new Map([...found].map(([uid, { netns }]) => [uid, netns]));
}

function candidateIn(
  folder: string,
  ips: readonly Ip[],
): Candidate | undefined {
  const startedAt = startOf(readKernelFile(`${folder}/stat`) ?? "");
  if (startedAt === undefined) return undefined;
  const netns = openQuietly(`${folder}/ns/net`);
  if (netns === undefined) return undefined;
  if (netnsId(netns) !== ownNetnsId() && hasOneOf(netns, ips)) {
    return { netns, startedAt };
  }
  closeFd(netns);
  return undefined;
}

/** Whether somebody who is sent to one of the addresses arrives in the namespace. */
export function hasOneOf(netns: Fd, ips: readonly Ip[]): boolean {
  try {
    return netnsAddresses(netns).some((text) => {
      const ip = parseIp(text);
      return ip !== undefined && ips.includes(ip);
    });
  } catch {
    return false;
  }
}

/** Field 22 of `/proc/PID/stat`; the name before it may hold anything. */
function startOf(stat: string): number | undefined {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = fields[19] ?? "";
  return /^\d+$/.test(ticks) ? Number(ticks) : undefined;
}

/** A process may end while it is looked at. */
function openQuietly(path: string): Fd | undefined {
  try {
    return openNetns(path);
  } catch {
    return undefined;
  }
}
