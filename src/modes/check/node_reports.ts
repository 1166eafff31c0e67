/** What a node's proxy and agent tell of themselves: to kubelets, to Prometheus and in their logs. */
import type { HostPort } from "../../config/mod.ts";
import type { Dump } from "../../view/mod.ts";
import type { Judgement } from "./finding.ts";
import {
  judgeHandshake,
  judgeLogFound,
  judgeLogListeners,
  judgeLogPods,
  judgeNodeLog,
  saysInfo,
} from "./judge_log.ts";
import {
  judgeAccessLog,
  judgeAgent,
  judgeAgentMetrics,
  judgeMetrics,
  judgeReadiness,
} from "./judge_reports.ts";
import type { FoundLogs } from "./log_files.ts";
import { askAt, askServer } from "./node_facts.ts";

/** What the proxy says of its pods and its agent, and others of the plugin. */
export function judgeLogs(
  { proxy, others, unreadable, elsewhere }: FoundLogs,
  dump: Dump | undefined,
): Judgement[] {
  return [
    judgeLogFound(proxy?.path, unreadable, elsewhere),
    ...others.map(({ path, lines }) => judgeNodeLog(path, lines)),
    ...proxy && dump ? judgeOwnLog(proxy, dump) : [],
  ];
}

/** What the proxy says, as far as it says such things. */
function judgeOwnLog(
  proxy: NonNullable<FoundLogs["proxy"]>,
  dump: Dump,
): Judgement[] {
  const { log, redirect } = dump.hairpin ?? {};
  const says = (target: string) => saysInfo(log?.filter ?? "", target);
  const hasOwn = redirect === "agent" || redirect === "self";
  return [
    ...hasOwn && says("inpod") ? [judgeLogPods(proxy, dump)] : [],
    ...hasOwn && says("proxy") ? [judgeLogListeners(proxy, dump)] : [],
    ...redirect === "agent" && says("inpod") ? [judgeHandshake(proxy)] : [],
  ];
}

/** Where Istio's agent tells a kubelet, in the namespace that it runs in. */
const AGENT: HostPort = { host: "127.0.0.1", port: 8000 };
/** Where it tells a Prometheus, at the same address. */
const AGENT_METRICS = 15014;

/** What a kubelet, a Prometheus and a reader of the log get. */
export async function checkReports(
  dump: Dump,
  agent: HostPort | undefined,
  readAgain: () => Promise<Dump | string>,
): Promise<Judgement[]> {
  const ready = await askServer(dump.config.readinessAddr, "/healthz/ready");
  return [
    ...ready === undefined ? [] : [judgeReadiness(ready)],
    ...await checkMetrics(dump, readAgain),
    ...dump.hairpin?.redirect === "agent" ? await checkAgent(dump, agent) : [],
    judgeAccessLog(dump.hairpin?.log.filter ?? ""),
  ];
}

/** Pods may come and go between two looks, but not at every one. */
async function checkMetrics(
  dump: Dump,
  readAgain: () => Promise<Dump | string>,
): Promise<Judgement[]> {
  const { statsAddr } = dump.config;
  const judge = async (now: Dump) => {
    const metrics = await askServer(statsAddr, "/metrics");
    return metrics === undefined ? [] : [judgeMetrics(metrics, now)];
  };
  const first = await judge(dump);
  if (first.every(({ level }) => level === "ok")) return first;
  const now = await readAgain();
  return typeof now === "string" ? first : await judge(now);
}

async function checkAgent(
  dump: Dump,
  named: HostPort | undefined,
): Promise<Judgement[]> {
  const { host } = named ?? AGENT;
  const ready = await askAt(named ?? AGENT, "/readyz");
  const metrics = await askAt({ host, port: AGENT_METRICS }, "/metrics");
  return [
    judgeAgent(ready, named !== undefined),
    judgeAgentMetrics(metrics, dump),
  ];
}
