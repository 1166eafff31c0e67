/** Pods of this node whose namespaces can be entered by what its proxy holds open. */
import { HairpinError } from "../../base/errors.ts";
import { type Ip, isIpv6, parseIp } from "../../model/address.ts";
import { heldNetns } from "../../sys/held_netns.ts";
import { closeFd, type Fd } from "../../sys/libc.ts";
import { netnsAddresses, openNetns } from "../../sys/netns.ts";
import type { Dump } from "../../view/mod.ts";
import { nameOf } from "./judge_mesh.ts";
import { NAMESPACES_MAX } from "./limits.ts";

/** A pod from which something can be tried. */
export interface Caller {
  /** `NAMESPACE/NAME`. */
  readonly name: string;
  readonly netns: Fd;
  readonly ip: Ip;
}

/** The pod handed over to the proxy that has one of these addresses. */
export function podOf(dump: Dump, ips: readonly Ip[]): string | undefined {
  const enrolled = new Set(dump.workloadState.map(({ info }) => nameOf(info)));
  const workload = dump.workloads.find((workload) =>
    enrolled.has(nameOf(workload)) && hasOneOf(workload, ips)
  );
  return workload && nameOf(workload);
}

/** Whether one of the addresses is the workload's. */
export const hasOneOf = (
  { workloadIps }: { readonly workloadIps: readonly string[] },
  ips: readonly Ip[],
): boolean => workloadIps.some((ip) => ips.includes(ip as Ip));

/**
 * The pod that has a network of its own with one of these addresses. What an
 * entry of the mesh says of a machine's address makes that no pod.
 */
export function podWithNetwork(
  workloads: Dump["workloads"],
  ips: readonly Ip[],
): string | undefined {
  const pod = workloads.find((workload) =>
    workload.uid.includes("//Pod/") &&
    workload.networkMode !== "HostNetwork" && hasOneOf(workload, ips)
  );
  return pod && nameOf(pod);
}

/**
 * Uses a served pod other than the called one, that has the family of its address.
 *
 * @returns undefined when there is none, or its namespace cannot be entered.
 */
export async function withCaller<Result>(
  { dump, pid }: { readonly dump: Dump; readonly pid: number | undefined },
  called: { readonly name: string; readonly ip: Ip },
  use: (caller: Caller) => Promise<Result>,
): Promise<Result | undefined> {
  const held = pid === undefined ? undefined : heldNetns(pid);
  for (const path of [...held?.values() ?? []].slice(0, NAMESPACES_MAX)) {
    const netns = openedAt(path);
    if (netns === undefined) continue;
    try {
      const caller = callerAt(netns, dump, called);
      if (caller !== undefined) return await use(caller);
    } finally {
      closeFd(netns);
    }
  }
  return undefined;
}

function callerAt(
  netns: Fd,
  dump: Dump,
  called: { readonly name: string; readonly ip: Ip },
): Caller | undefined {
  const ips = netnsAddresses(netns).flatMap((text) => parseIp(text) ?? []);
  const name = podOf(dump, ips);
  const own = dump.workloads.find((one) => nameOf(one) === name)?.workloadIps;
  const ip = ips.find((ip) =>
    own?.includes(ip) && isIpv6(ip) === isIpv6(called.ip)
  );
  return name === undefined || ip === undefined || !isUp(dump, name) ||
      name === called.name
    ? undefined
    : { name, netns, ip };
}

const isUp = ({ workloadState }: Dump, name: string): boolean =>
  workloadState.some(({ info, state }) =>
    nameOf(info) === name && state === "Up"
  );

function openedAt(path: string): Fd | undefined {
  try {
    return openNetns(path);
  } catch (reason) {
    if (reason instanceof HairpinError) return undefined;
    throw reason;
  }
}
