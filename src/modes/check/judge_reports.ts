/** Judgements on what the proxy says of itself; pure. */
import { levelFor, parseFilter, rankOf } from "../../telemetry/log_filter.ts";
import type { Dump } from "../../view/mod.ts";
import type { AdminAnswer } from "../ask_admin.ts";
import { failed, type Judgement, ok, warning } from "./finding.ts";

/** An answer, or why there is none. */
export type Asked = AdminAnswer | string;

/** What a kubelet is told. */
export function judgeReadiness(asked: Asked): Judgement {
  const check = "readiness";
  if (typeof asked === "string") {
    return failed(check, asked, "a kubelet has to reach this address");
  }
  return asked.status === 200 ? ok(check, "ready") : failed(
    check,
    asked.body.trim(),
    "see the log for what it waits for: workers, the mesh, or the pods",
  );
}

/**
 * What the node agent says of itself.
 *
 * @param isNamed Whether it has to be there: else it may have an address of its own.
 */
export function judgeAgent(asked: Asked, isNamed: boolean): Judgement {
  const check = "node agent";
  if (typeof asked === "string") {
    return isNamed
      ? failed(check, asked, "a kubelet has to reach this address")
      : ok(check, "not to be asked here: name its pod's address with --agent");
  }
  return asked.status === 200 ? ok(check, "ready") : failed(
    check,
    `not ready: ${asked.status}`,
    "see the agent's log: it waits for the Kubernetes API, or cannot install its plugin",
  );
}

/** What a Prometheus reads, against what is so. */
export function judgeMetrics(
  asked: Asked,
  { workloadState }: Pick<Dump, "workloadState">,
): Judgement {
  const check = "metrics";
  if (typeof asked === "string" || asked.status !== 200) {
    return failed(
      check,
      typeof asked === "string" ? asked : `answers ${asked.status}`,
      "Prometheus has to reach this address",
    );
  }
  const active = sampleOf(asked.body, "workload_manager_active_proxy_count");
  const pending = sampleOf(asked.body, "workload_manager_pending_proxy_count");
  if (active === undefined || pending === undefined) {
    return failed(check, "no count of pods", ANOTHER);
  }
  const up = workloadState.filter(({ state }) => state === "Up").length;
  const late = workloadState.length - up;
  return active === up && pending === late
    ? ok(check, `${active} pods counted, ${pending} pending`)
    : failed(
      check,
      `${active} pods counted and ${pending} pending, ${up} are up and ${late} pending`,
      ANOTHER,
    );
}

const ANOTHER = "another program, or another process, answers at this address";

/** What Istio's agent counts, where it tells; an agent tells nothing of what it has not met yet. */
export function judgeAgentMetrics(
  asked: Asked,
  { workloadState }: Pick<Dump, "workloadState">,
): Judgement {
  const check = "agent's metrics";
  if (typeof asked === "string" || asked.status !== 200) {
    return ok(check, "not to be asked here");
  }
  const connected = sampleOf(asked.body, "ztunnel_connected");
  if (connected === 0) {
    return failed(
      check,
      "no proxy is connected to it",
      "see whether hairpin's --inpod-uds is the agent's socket, and both logs",
    );
  }
  const events = sampleOf(asked.body, "nodeagent_reconcile_events_total");
  if (events === 0 && workloadState.length > 0) {
    return warning(
      check,
      "it has heard of no pod or namespace since its start",
      "see the agent's log, and whether it reaches the Kubernetes API",
    );
  }
  const told = (count: number | undefined, what: string) =>
    count === undefined ? [] : [`${count} ${what}`];
  const all = [...told(connected, "connected"), ...told(events, "events")];
  return ok(check, all.length === 0 ? "none of its pods" : all.join(", "));
}

/** Of all its series together; undefined: there is none. */
function sampleOf(text: string, name: string): number | undefined {
  const series = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm");
  const values = Array.from(
    text.matchAll(series),
    ([, value]) => Number(value),
  );
  return values.length === 0
    ? undefined
    : values.reduce((sum, value) => sum + value, 0);
}

/** Whether connections leave a line, so that somebody can look them up. */
export function judgeAccessLog(filter: string): Judgement {
  const check = "access log";
  const parsed = parseFilter(filter === "" ? "info" : filter);
  const level = parsed === undefined ? "off" : levelFor(parsed, "access");
  return rankOf(level) >= rankOf("info")
    ? ok(check, "a line for each connection")
    : warning(
      check,
      `off: the log level of "access" is ${level}`,
      "add access=info to --log-level (RUST_LOG), or POST /logging?level=access=info",
    );
}

/** The mark by which rules know the proxy's own packets. */
export function judgeMark(mark: number | null | undefined): Judgement {
  const check = "packet mark";
  return mark === undefined || mark === null ||
      mark % (MARK_MASK + 1) === PACKET_MARK
    ? ok(check, `${mark ?? PACKET_MARK}`)
    : failed(
      check,
      `${mark}, the rules know ${PACKET_MARK}`,
      "leave PACKET_MARK unset",
    );
}

const PACKET_MARK = 1337;
/** The bits of a mark that rules look at. */
const MARK_MASK = 0xfff;
