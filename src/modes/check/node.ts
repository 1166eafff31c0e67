/** Everything that is looked at of the node itself, and of the proxy that serves it. */
import { HairpinError, messageOf } from "../../base/errors.ts";
import type { CheckCommand, HostPort } from "../../config/mod.ts";
import { readKernelFile } from "../../sys/kernel_file.ts";
import { type Dump, parseDump } from "../../view/mod.ts";
import { askAdmin } from "../ask_admin.ts";
import { about, failed, type Finding, type Judgement, ok } from "./finding.ts";
import { listeningSockets, netSysctl } from "./gather.ts";
import { judgeConntrack, judgeModules } from "./judge_kernel.ts";
import { judgeBypassed, judgeServed } from "./judge_mesh.ts";
import {
  agentSocketOf,
  judgeAgentSocket,
  judgeCapabilities,
  judgeCertificates,
  judgeDescriptors,
  judgePods,
  judgePrograms,
} from "./judge_node.ts";
import { judgeMark } from "./judge_reports.ts";
import { judgeOldLayout } from "./judge_old_layout.ts";
import { findLogs } from "./log_files.ts";
import { installedPrograms, kernelModules } from "./node_facts.ts";
import { checkChain, checkHost, checkLeftBehind, ownPod } from "./node_host.ts";
import { checkReports, judgeLogs } from "./node_reports.ts";
import type { Proxy } from "./pod.ts";
import { checkPodObjects } from "./pod_objects.ts";
import { readOldLayout } from "./pod_rules.ts";

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
  asked: Omit<CheckCommand, "kind" | "target" | "json" | "admin">,
): Promise<CheckedNode> {
  const kernel = await kernelJudgements();
  const dump = await readProxyDump(admin);
  if (typeof dump === "string") {
    return {
      proxy: { ...UNKNOWN_PROXY, admin },
      findings: about("node", [
        ...kernel,
        failed("admin server", dump, ADMIN_HINT),
        ...await checkLeftBehind(undefined),
        ...await checkChain(undefined, asked.networks),
        ...judgeLogs(await findLogs(asked.logs, undefined), undefined),
      ]),
    };
  }
  const pid = (await listeningSockets())
    ?.find(({ localPort }) => localPort === admin.port)?.owner?.pid;
  const logs = await findLogs(asked.logs, pid);
  const within = ownPod(dump);
  const judgements = [
    ...kernel,
    ...processJudgements(dump, pid),
    ...await checkReports(dump, asked.agent, () => readProxyDump(admin)),
    ...meshJudgements(dump),
    ...await checkPodObjects(dump, asked),
    ...await checkHost(dump, within),
    ...await checkLeftBehind(dump),
    ...await checkChain(dump, asked.networks),
    ...judgeLogs(logs, dump),
  ];
  return {
    proxy: { dump, pid, admin, within, log: logs.proxy },
    findings: about("node", judgements),
  };
}

async function kernelJudgements(): Promise<Judgement[]> {
  const programs = await installedPrograms();
  return [
    judgePrograms(programs),
    judgeModules(await kernelModules(), programs.writers),
    judgeConntrack(
      netSysctl("netfilter/nf_conntrack_count"),
      netSysctl("netfilter/nf_conntrack_max"),
    ),
    judgeOldLayout(await readOldLayout()),
  ];
}

const UNKNOWN_PROXY = {
  dump: undefined,
  pid: undefined,
  within: undefined,
  log: undefined,
} as const;

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

const meshJudgements = (dump: Dump): Judgement[] => [
  judgeCertificates(dump, new Date()),
  judgePods(dump),
  ...isEnrolling(dump) ? [judgeServed(dump)] : [],
  judgeBypassed(dump),
];

const isEnrolling = ({ hairpin }: Dump): boolean =>
  ["agent", "node", "self"].includes(hairpin?.redirect ?? "");

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
