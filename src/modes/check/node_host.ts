/** What is looked at of the node around its proxy: its rules, devices and networks. */
import type { CheckCommand } from "../../config/mod.ts";
import { type Ip, isIpv6, parseIp } from "../../model/address.ts";
import { RedirectError } from "../../redirect/mod.ts";
import {
  findLeftBehind,
  type LeftBehind,
  nodeFamilies,
  probeDevices,
} from "../../redirect/node/mod.ts";
import { closeFd } from "../../sys/libc.ts";
import { netnsAddresses } from "../../sys/netns.ts";
import { openOwnNetns } from "../../sys/new_netns.ts";
import type { Dump } from "../../view/mod.ts";
import { podWithNetwork } from "./callers.ts";
import { failed, type Judgement } from "./finding.ts";
import { netSysctl, outputOf } from "./gather.ts";
import { chainPlugin, judgeChain } from "./judge_chain.ts";
import {
  judgeNodeCapture,
  judgeProbeRules,
  judgeTranslation,
  type ServedPod,
} from "./judge_host_rules.ts";
import { judgeDevices, judgeForwarding } from "./judge_kernel.ts";
import { judgeLeftBehind } from "./judge_left_behind.ts";
import { nameOf } from "./judge_mesh.ts";
import { PACKETS_MAX } from "./limits.ts";
import { foundChain } from "./node_facts.ts";
import { checkPlugin } from "./plugin_access.ts";
import { nodeTables, readNodeRules } from "./pod_rules.ts";
import type { Packet } from "./source_translation.ts";

const NET_DIR = "/etc/cni/net.d";
const BIN_DIR = "/opt/cni/bin";

/** The pod whose namespace this process runs in; undefined: it is taken for the node's. */
export function ownPod({ workloads }: Dump): string | undefined {
  const own = openOwnNetns();
  try {
    const ips = netnsAddresses(own).flatMap((text) => parseIp(text) ?? []);
    return podWithNetwork(workloads, ips);
  } finally {
    closeFd(own);
  }
}

/**
 * Only where this namespace is to be the node's: an agent's proxy has one of
 * its own.
 *
 * @param within Of {@link ownPod}.
 */
export async function checkHost(
  dump: Dump,
  within: string | undefined,
): Promise<Judgement[]> {
  const redirect = dump.hairpin?.redirect;
  if (redirect !== "self" && redirect !== "node") return [];
  if (within !== undefined) {
    return [failed(
      "network namespace",
      `hairpin runs in that of ${within}: what it writes for the node's own processes is not on the node`,
      "run it in the node's: hostNetwork: true",
    )];
  }
  const { config } = dump;
  const pods = servedPods(dump);
  const rules = await readNodeRules();
  const hasIpv6 = pods.some(({ ips }) => ips.some(isIpv6));
  return [
    judgeForwarding({
      v4: netSysctl("ipv4/ip_forward"),
      v6: hasIpv6 ? netSysctl("ipv6/conf/all/forwarding") : undefined,
    }),
    ...redirect === "node"
      ? [
        judgeDevices(await probeDevices()),
        judgeNodeCapture(await nodeTables(), pods),
      ]
      : [judgeProbeRules(rules, pods, config.localNode)],
    judgeTranslation(rules.all, await packetsOf(dump, pods)),
  ];
}

/**
 * What `--redirect node` left where another way to redirect is in use.
 *
 * @param dump undefined: no process answers.
 */
export async function checkLeftBehind(
  dump: Dump | undefined,
): Promise<Judgement[]> {
  const redirect = dump?.hairpin?.redirect;
  if (redirect === "node") return [];
  const found = await leftBehind();
  return found === undefined ? [] : [judgeLeftBehind(found, redirect)];
}

/** undefined where that cannot be looked at. */
async function leftBehind(): Promise<LeftBehind | undefined> {
  const node = openOwnNetns();
  try {
    return await findLeftBehind(node, nodeFamilies(true));
  } catch (reason) {
    if (reason instanceof RedirectError) return undefined;
    throw reason;
  } finally {
    closeFd(node);
  }
}

/** The container runtime's networks, and what the mesh's plugin in them needs. */
export async function checkChain(
  dump: Dump | undefined,
  named: CheckCommand["networks"],
): Promise<Judgement[]> {
  const { hairpin } = dump ?? {};
  if (dump !== undefined && !REDIRECTS.has(hairpin?.redirect ?? "")) return [];
  const { netDir, binDir } = hairpin?.cni ?? {};
  const chain = await foundChain({
    netDir: named.netDir ?? netDir ?? NET_DIR,
    binDir: named.binDir ?? binDir ?? BIN_DIR,
    wanted: netDir !== undefined,
  });
  const plugin = chainPlugin(chain);
  return [
    judgeChain(chain),
    ...plugin === undefined ? [] : await checkPlugin(plugin, new Date()),
  ];
}

const REDIRECTS: ReadonlySet<string> = new Set(["agent", "node", "self"]);

function servedPods({ workloadState, workloads }: Dump): ServedPod[] {
  const served = new Set(workloadState.map(({ info }) => nameOf(info)));
  return workloads.filter((workload) => served.has(nameOf(workload)))
    .map((workload) => ({
      name: nameOf(workload),
      ips: workload.workloadIps.flatMap((ip) => parseIp(ip) ?? []),
    }));
}

/** From pods of this node to pods of another, in each family. */
async function packetsOf(
  { config, workloads }: Dump,
  pods: readonly ServedPod[],
): Promise<Packet[]> {
  const [pod] = pods;
  const elsewhere = workloads.filter(({ node }) =>
    node !== "" && node !== config.localNode
  ).flatMap(({ workloadIps }) =>
    workloadIps.flatMap((ip) => parseIp(ip) ?? [])
  );
  const packets: Packet[] = [];
  for (const source of pod?.ips ?? []) {
    const destination = elsewhere.find((ip) => isIpv6(ip) === isIpv6(source));
    if (destination === undefined || packets.length >= PACKETS_MAX) continue;
    const out = await interfaceTowards(destination);
    packets.push({ source, destination, out });
  }
  return packets;
}

async function interfaceTowards(ip: Ip): Promise<string | undefined> {
  const text = await outputOf("ip", ["-o", "route", "get", ip]);
  return /\bdev (\S+)/.exec(text ?? "")?.[1];
}
