/** Everything that is looked at of the node itself, and of the proxy that serves it. */
import { HairpinError, messageOf } from "../../base/errors.ts";
import type { CheckCommand, HostPort } from "../../config/mod.ts";
import { type Ip, isIpv6, parseIp } from "../../model/address.ts";
import { readKernelFile } from "../../sys/kernel_file.ts";
import { type Dump, parseDump } from "../../view/mod.ts";
import { askAdmin } from "../ask_admin.ts";
import { about, failed, type Finding, type Judgement, ok } from "./finding.ts";
import { listeningSockets, netSysctl, outputOf } from "./gather.ts";
import { judgeChain } from "./judge_chain.ts";
import {
  judgeNodeCapture,
  judgeProbeRules,
  judgeTranslation,
  type ServedPod,
} from "./judge_host_rules.ts";
import {
  judgeConntrack,
  judgeDevices,
  judgeForwarding,
  judgeModules,
} from "./judge_kernel.ts";
import {
  judgeBypassed,
  judgeMarks,
  judgeServed,
  nameOf,
} from "./judge_mesh.ts";
import {
  agentSocketOf,
  judgeAgentSocket,
  judgeCapabilities,
  judgeCertificates,
  judgeDescriptors,
  judgePods,
  judgePrograms,
} from "./judge_node.ts";
import {
  judgeHandshake,
  judgeLogFound,
  judgeLogListeners,
  judgeLogPods,
  judgeNodeLog,
  saysInfo,
} from "./judge_log.ts";
import { findLogs, type FoundLogs } from "./log_files.ts";
import { probeDevices } from "../../redirect/node/mod.ts";
import { judgeOldLayout } from "./judge_old_layout.ts";
import {
  judgeAccessLog,
  judgeAgent,
  judgeMark,
  judgeMetrics,
  judgeReadiness,
} from "./judge_reports.ts";
import { PACKETS_MAX } from "./limits.ts";
import type { Proxy } from "./pod.ts";
import { nodeTables, readNodeRules, readOldLayout } from "./pod_rules.ts";
import {
  askAt,
  askServer,
  foundChain,
  installedPrograms,
  kernelModules,
} from "./node_facts.ts";
import type { Packet } from "./source_translation.ts";

const NET_DIR = "/etc/cni/net.d";
const BIN_DIR = "/opt/cni/bin";

/** The proxy as far as it could be asked, and what there is to say. */
export interface CheckedNode {
  readonly proxy: Proxy;
  readonly findings: readonly Finding[];
}

/**
 * @param admin Of the process that serves this node.
 * @param asked What else is named.
 */
export async function checkNode(
  admin: HostPort,
  { agent, logs: named }: Pick<CheckCommand, "agent" | "logs">,
): Promise<CheckedNode> {
  const programs = await installedPrograms();
  const kernel = [
    judgePrograms(programs),
    judgeModules(await kernelModules(), programs.writers),
    judgeConntrack(
      netSysctl("netfilter/nf_conntrack_count"),
      netSysctl("netfilter/nf_conntrack_max"),
    ),
    judgeOldLayout(await readOldLayout()),
  ];
  const dump = await readProxyDump(admin);
  if (typeof dump === "string") {
    const judgement = failed("admin server", dump, ADMIN_HINT);
    return {
      proxy: { dump: undefined, pid: undefined, admin, log: undefined },
      findings: about("node", [
        ...kernel,
        judgement,
        ...logJudgements(await findLogs(named, undefined), undefined),
      ]),
    };
  }
  const pid = (await listeningSockets())
    ?.find(({ localPort }) => localPort === admin.port)?.owner?.pid;
  const logs = await findLogs(named, pid);
  const judgements = [
    ...kernel,
    ...processJudgements(dump, pid),
    ...await reportJudgements(dump, agent),
    ...meshJudgements(dump),
    ...await hostJudgements(dump),
    ...logJudgements(logs, dump),
  ];
  const log = logs.proxy?.path;
  return {
    proxy: { dump, pid, admin, log },
    findings: about("node", judgements),
  };
}

/** What the proxy says of its pods and its agent, and others of the plugin. */
function logJudgements(
  { proxy, others, unreadable }: FoundLogs,
  dump: Dump | undefined,
): Judgement[] {
  const { filter = "" } = dump?.hairpin?.log ?? {};
  const redirect = dump?.hairpin?.redirect ?? "none";
  const hasOwn = redirect === "agent" || redirect === "self";
  return [
    judgeLogFound(proxy?.path, unreadable),
    ...others.map(({ path, lines }) => judgeNodeLog(path, lines)),
    ...proxy && dump && hasOwn && saysInfo(filter, "inpod")
      ? [judgeLogPods(proxy, dump)]
      : [],
    ...proxy && dump && hasOwn && saysInfo(filter, "proxy")
      ? [judgeLogListeners(proxy, dump)]
      : [],
    ...proxy && redirect === "agent" && saysInfo(filter, "inpod")
      ? [judgeHandshake(proxy)]
      : [],
  ];
}

/** Where Istio's agent tells a kubelet, in the namespace that it runs in. */
const AGENT: HostPort = { host: "127.0.0.1", port: 8000 };

const ADMIN_HINT =
  "start hairpin on this node, or say where it is asked with --admin";

const processJudgements = (
  dump: Dump,
  pid: number | undefined,
  agent = agentSocketOf(dump),
): Judgement[] => [
  ok("admin server", pid === undefined ? "answers" : `answers (pid ${pid})`),
  judgeDescriptors(procFile(pid, "limits")),
  judgeCapabilities(procFile(pid, "status")),
  judgeMark(dump.config.packetMark),
  judgeAgentSocket(agent, agent !== undefined && isSocket(agent)),
];

/** What a kubelet, a Prometheus and a reader of the log get. */
async function reportJudgements(
  dump: Dump,
  agent: HostPort | undefined,
): Promise<Judgement[]> {
  const { statsAddr, readinessAddr } = dump.config;
  const ready = await askServer(readinessAddr, "/healthz/ready");
  const metrics = await askServer(statsAddr, "/metrics");
  return [
    ...ready === undefined ? [] : [judgeReadiness(ready)],
    ...metrics === undefined ? [] : [judgeMetrics(metrics, dump)],
    ...dump.hairpin?.redirect === "agent"
      ? [
        judgeAgent(await askAt(agent ?? AGENT, "/readyz"), agent !== undefined),
      ]
      : [],
    judgeAccessLog(dump.hairpin?.log.filter ?? ""),
  ];
}

const meshJudgements = (dump: Dump): Judgement[] => [
  judgeCertificates(dump, new Date()),
  judgePods(dump),
  ...isEnrolling(dump) ? [judgeServed(dump)] : [],
  ...dump.hairpin?.kube ? [judgeMarks(dump)] : [],
  judgeBypassed(dump),
];

const isEnrolling = ({ hairpin }: Dump): boolean =>
  ["agent", "node", "self"].includes(hairpin?.redirect ?? "");

/** Only where this namespace is the node's: an agent's proxy has one of its own. */
async function hostJudgements(dump: Dump): Promise<Judgement[]> {
  const { hairpin, config } = dump;
  const redirect = hairpin?.redirect;
  if (redirect !== "self" && redirect !== "node") return [];
  const pods = servedPods(dump);
  const rules = await readNodeRules();
  const hasIpv6 = pods.some(({ ips }) => ips.some(isIpv6));
  const { netDir = NET_DIR, binDir = BIN_DIR } = hairpin?.cni ?? {};
  const wanted = hairpin?.cni?.netDir !== undefined;
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
    judgeChain(await foundChain({ netDir, binDir, wanted })),
  ];
}

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

function isSocket(path: string): boolean {
  try {
    return Deno.statSync(path).isSocket === true;
  } catch {
    return false; // it is not there, or not for us
  }
}

const procFile = (pid: number | undefined, name: string) =>
  pid === undefined ? undefined : readKernelFile(`/proc/${pid}/${name}`);

/** The dump, or why there is none. */
async function readProxyDump(admin: HostPort): Promise<Dump | string> {
  try {
    const { status, body } = await askAdmin(admin, "/config_dump");
    return status === 200 ? parseDump(body) : `answers ${status}`;
  } catch (reason) {
    if (reason instanceof HairpinError) return messageOf(reason);
    throw reason;
  }
}
