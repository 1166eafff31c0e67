import {
  judgeBypass,
  judgeBypassed,
  judgeConnections,
  judgeMarks,
  judgeServed,
} from "../../../src/modes/check/judge_mesh.ts";
import {
  judgeAccessLog,
  judgeAgent,
  judgeAgentMetrics,
  judgeMark,
  judgeMetrics,
  judgeReadiness,
} from "../../../src/modes/check/judge_reports.ts";
import { parseDump } from "../../../src/view/mod.ts";
import { testJudgements } from "./judged.ts";

const workload = (name: string, protocol: string, more: object = {}) => ({
  uid: name,
  name,
  namespace: "n",
  node: "node-1",
  protocol,
  workloadIps: [`10.0.0.${name.length}`],
  ...more,
});
const served = (name: string, inbound: object[] = []) => ({
  state: "Up",
  info: { name, namespace: "n", serviceAccount: "s" },
  connections: { inbound, outbound: [] },
});
const dump = (workloads: object[], workloadState: object[], more = {}) =>
  parseDump(JSON.stringify({
    workloads,
    workloadState,
    config: { localNode: "node-1" },
    ...more,
  }));
const bypassing = (...pods: object[]) =>
  dump([], [], { hairpin: { redirect: "self", bypassedPods: pods } });
const patient = { namespace: "n", name: "p", uid: "u" };
const mark = (name: string, wanted: boolean, mark?: string) => ({
  namespace: "n",
  name,
  wanted,
  ...mark !== undefined && { mark },
});
const marks = (...podMarks: ReturnType<typeof mark>[]) =>
  judgeMarks({ hairpin: { podMarks } });
const until = "2026-01-01T00:00:00Z";
const from = (src: string, protocol: string) => ({
  src,
  actualDst: "10.0.0.1:80",
  protocol,
});
const connected = (...inbound: object[]) =>
  judgeConnections(
    dump(
      [workload("a", "HBONE"), workload("bb", "HBONE")],
      [served("a", inbound)],
    ),
    "n/a",
  );
const answer = (body: string, status = 200) => ({ status, body });
const count = (active: number, pending = 0) =>
  `# TYPE x gauge\nworkload_manager_active_proxy_count ${active}\n` +
  `workload_manager_pending_proxy_count ${pending}\n`;
const agentTells = (...samples: string[]) =>
  judgeAgentMetrics(answer(`${samples.join("\n")}\n`), dump([], [served("a")]));
const EVENTS = "nodeagent_reconcile_events_total";

testJudgements([
  [judgeServed(dump([workload("a", "HBONE")], [served("a")])), "ok", /^1 /],
  [
    judgeServed(dump([workload("a", "HBONE")], [])),
    "failed",
    /tunnel to what nobody serves: n\/a/,
  ],
  [
    judgeServed(dump([workload("a", "TCP")], [served("a")])),
    "failed",
    /peers send plaintext: n\/a/,
  ],
  [
    judgeServed(dump([
      workload("w", "HBONE", { nativeTunnel: true }),
      workload("h", "HBONE", { networkMode: "HostNetwork" }),
      workload("e", "HBONE", { node: "node-2" }),
      workload("t", "TCP"),
    ], [])),
    "ok",
    /^0 served/,
  ],
  [marks(), "ok", /^0 pods/],
  [marks(mark("a", true, "enabled")), "ok", /^1 pods, all as wanted$/],
  [
    marks(mark("a", true, "pending"), mark("b", true)),
    "failed",
    /not enrolled: n\/a \(pending\); n\/b \(no annotation\)$/,
  ],
  [
    marks(mark("a", false, "enabled")),
    "failed",
    /not labelled: n\/a \(enabled\)$/,
  ],
  [judgeBypassed({}), "ok", /^none$/],
  [judgeBypassed(bypassing()), "ok", /^none$/],
  [judgeBypassed(bypassing(patient)), "failed", /^n\/p for ever$/],
  [
    judgeBypassed(bypassing({ ...patient, until })),
    "warning",
    /^n\/p until 2026/,
  ],
  [judgeBypass({ ...patient, until }), "warning", /until 2026/],
  [judgeBypass(patient), "failed", /for ever/],
  [connected(), "ok", /^0, of them 0/],
  [connected(from("10.0.0.2:1", "HBONE")), "ok", /^1, of them 1 by mTLS/],
  [connected(from("192.0.2.9:1", "TCP")), "ok", /^1, of them 0 by mTLS/],
  [connected(from("10.0.0.2:1", "TCP")), "warning", /plaintext .*: n\/bb$/],
  [judgeReadiness(answer("ready\n")), "ok", /^ready$/],
  [
    judgeReadiness(answer("not ready, pending: x\n", 503)),
    "failed",
    /pending: x$/,
  ],
  [judgeAgent(answer(""), false), "ok", /^ready$/],
  [judgeAgent(answer("", 503), false), "failed", /503/],
  [judgeAgent("refused", false), "ok", /not to be asked here/],
  [judgeAgent("refused", true), "failed", /^refused$/],
  [judgeReadiness("refused"), "failed", /^refused$/],
  [
    judgeMetrics(answer(count(1)), dump([], [served("a")])),
    "ok",
    /^1 pods counted, 0 pending$/,
  ],
  [judgeMetrics(answer(count(2)), dump([], [])), "failed", /^2 .*, 0 are up /],
  [
    judgeMetrics(answer(count(1, 1)), dump([], [served("a")])),
    "failed",
    /and 1 pending, 1 are up and 0 pending$/,
  ],
  [agentTells("ztunnel_connected 1"), "ok", /^1 connected$/],
  [agentTells("ztunnel_connected 0"), "failed", /^no proxy is connected/],
  [
    agentTells(`${EVENTS}{type="add"} 2`, `${EVENTS}{type="delete"} 3`),
    "ok",
    /^5 events$/,
  ],
  [agentTells(`${EVENTS} 0`), "warning", /heard of no pod/],
  [agentTells("go_threads 1"), "ok", /^none of its pods$/],
  [judgeAgentMetrics("refused", dump([], [])), "ok", /not to be asked/],
  [judgeMetrics(answer("x 1\n"), dump([], [])), "failed", /no count/],
  [judgeMetrics(answer("", 404), dump([], [])), "failed", /404/],
  [judgeMetrics("refused", dump([], [])), "failed", /refused/],
  [judgeAccessLog(""), "ok", /a line/],
  [judgeAccessLog("warn,access=info"), "ok", /a line/],
  [judgeAccessLog("warn"), "warning", /"access" is warn/],
  [judgeMark(undefined), "ok", /1337/],
  [judgeMark(1337), "ok", /1337/],
  [judgeMark(0x1539), "ok", /^5433$/],
  [judgeMark(0xfff), "failed", /^4095, /],
  [judgeMark(7), "failed", /^7, the rules know 1337$/],
]);
