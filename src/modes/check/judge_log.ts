/** Judgements on what the proxy's log says, and the logs of a node's kubelet and runtime; pure. */
import { levelFor, parseFilter, rankOf } from "../../telemetry/log_filter.ts";
import type { Dump } from "../../view/mod.ts";
import { failed, type Judgement, ok, warning } from "./finding.ts";
import { nameOf } from "./judge_mesh.ts";
import { namely } from "./judge_rules.ts";
import type { LogEntry } from "./log_lines.ts";

/** A proxy's log, as far back as it was read. */
export interface ProxyLog {
  readonly path: string;
  readonly entries: readonly LogEntry[];
}

const HINT_OTHER =
  "see whether it is this process's log, and name the right one with --log";

/** Whether a log filter lets a scope's lines of level info through. */
export const saysInfo = (filter: string, scope: string): boolean => {
  const parsed = parseFilter(filter === "" ? "info" : filter);
  return parsed !== undefined &&
    rankOf(levelFor(parsed, scope)) >= rankOf("info");
};

/** Whether a log can be read at all; without one the judgements below are left out. */
export const judgeLogFound = (
  path: string | undefined,
  unreadable: readonly string[],
  elsewhere?: string,
): Judgement => {
  const check = "log";
  if (unreadable.length > 0) {
    return failed(
      check,
      `cannot be read: ${namely(unreadable)}`,
      "name files with --log: a pipe or a folder is none",
    );
  }
  if (path !== undefined) return ok(check, path);
  return elsewhere === undefined
    ? ok(check, "none to be read here: name the proxy's with --log")
    : warning(check, "in the journal, which is not to be read here", elsewhere);
};

/** Lines of the last start; whether that start itself is among them. */
function sinceStart(
  entries: readonly LogEntry[],
): { readonly entries: readonly LogEntry[]; readonly isWhole: boolean } {
  const at = entries.findLastIndex(({ message }) =>
    message.startsWith("set file descriptor limits from ")
  );
  return { entries: entries.slice(Math.max(0, at)), isWhole: at >= 0 };
}

const RECEIVED =
  /^(?:pod received, starting proxy|received netns, starting proxy)$/;
const RELEASED = /^(?:pod delete request, shutting down proxy|draining proxy)$/;

/** Whether the log tells of every pod that is served, as one that came and has not gone. */
export function judgeLogPods(
  log: ProxyLog,
  { workloadState }: Pick<Dump, "workloadState">,
): Judgement {
  const check = "pods in the log";
  const { entries, isWhole } = sinceStart(log.entries);
  const here = new Map<string, boolean>();
  for (const { message, fields } of entries) {
    const isReceived = RECEIVED.test(message);
    if (!isReceived && !RELEASED.test(message)) continue;
    here.set(`${fields.namespace}/${fields.name}`, isReceived);
  }
  const up = workloadState.filter(({ state }) => state === "Up")
    .map(({ info }) => nameOf(info));
  const untold = up.filter((pod) => !(here.get(pod) ?? !isWhole));
  return untold.length === 0
    ? ok(check, `${up.filter((pod) => here.has(pod)).length} of ${up.length}`)
    : failed(
      check,
      `served, and the log does not say so: ${namely(untold)}`,
      HINT_OTHER,
    );
}

const COMPONENTS = ["inbound", "inbound plaintext", "outbound"] as const;

/** Whether the listeners of every pod were opened. */
export function judgeLogListeners(
  log: ProxyLog,
  { workloadState }: Pick<Dump, "workloadState">,
): Judgement {
  const check = "listeners in the log";
  const { entries, isWhole } = sinceStart(log.entries);
  const up = workloadState.filter(({ state }) => state === "Up").length;
  const count = (component: string) =>
    entries.filter(({ message, fields }) =>
      message === "listener established" && fields.component === component
    ).length;
  const few = COMPONENTS.filter((component) => count(component) < up);
  return !isWhole || few.length === 0
    ? ok(check, isWhole ? `for ${up} pods` : "the log begins later")
    : failed(
      check,
      few.map((one) => `${one}: ${count(one)} for ${up} pods`).join("; "),
      HINT_OTHER,
    );
}

const LOST =
  /^(?:failed to connect to the Istio CNI node agent|process stream e|node agent announcement failed|protocol mismatch)/;

/** The handshake with the node agent: connected, and all its pods named. */
export function judgeHandshake(log: ProxyLog): Judgement {
  const check = "agent in the log";
  const { entries, isWhole } = sinceStart(log.entries);
  const last = entries.findLast(({ message }) =>
    message === "handling new stream" || SNAPSHOT.test(message) ||
    LOST.test(message)
  );
  const hint = "see the agent's log, and whether it serves the same socket";
  if (last === undefined) {
    return isWhole
      ? failed(check, "no connection since the start", hint)
      : ok(check, "the log begins later");
  }
  if (SNAPSHOT.test(last.message)) {
    return ok(check, `all pods named at ${last.time}`);
  }
  return LOST.test(last.message)
    ? failed(check, `${last.time} ${last.message}`, hint)
    : failed(check, `connected at ${last.time}, and no pods named since`, hint);
}

const SNAPSHOT = /^(?:pod )?received snapshot sent$/;

/** What kubelets and runtimes say of pods that the mesh keeps from starting, and what to do. */
const COMPLAINTS: readonly [said: RegExp, hint: string][] = [
  [
    /failed to find plugin \\?"(?:hairpin-cni|istio-cni)\\?"/,
    "the plugin's program was removed and a network still names it: start hairpin again, or take the plugin out of the network",
  ],
  [
    /failed to contact node Istio CNI agent|Cannot (?:capture pod|ask) \\?"/,
    "the node process or agent is not there, or refuses the pod: see its log",
  ],
  [
    /(?:hairpin|istio)-cni.*(?:Unauthorized|certificate has expired)/,
    "the plugin's credentials have expired: restart whoever installs it",
  ],
];

/** Whether logs of the node name the mesh as what keeps pods from starting. */
export function judgeNodeLog(
  path: string,
  lines: readonly string[],
): Judgement {
  const check = "node's log";
  for (const [said, hint] of COMPLAINTS) {
    const found = lines.filter((line) => said.test(line));
    if (found.length === 0) continue;
    const last = found.at(-1)!.slice(0, EXCERPT);
    return warning(check, `${path}: ${found.length} times: ${last}`, hint);
  }
  return ok(check, `${path}: nothing that the mesh is known to cause`);
}

/** Longest excerpt of a line, in characters: more says no more. */
const EXCERPT = 400;

/** A connection of ours, and what the log has of it. */
export interface LoggedConnection {
  readonly from: string;
  readonly to: string;
  /** What policies say of it. */
  readonly verdict: string;
  readonly entries: readonly LogEntry[];
}

/** Whether the test connection left the line that an operator would look for. */
export function judgeAccessLine(
  { from, to, verdict, entries }: LoggedConnection,
): Judgement {
  const check = "access line";
  const inbound = entries.find(({ fields }) => fields.direction === "inbound");
  const way = `${from} to ${to}`;
  if (inbound === undefined) {
    return failed(
      check,
      `no line of the destination for ${way}`,
      "it passed the proxy by, or the log is another process's: name the right one with --log",
    );
  }
  const { error, "src.identity": identity } = inbound.fields;
  if (verdict === "deny") {
    return error === undefined
      ? failed(
        check,
        `${way}: denied, and logged as carried`,
        "compare hairpin explain with the policies in force",
      )
      : ok(check, `${way}: ${error}`);
  }
  if (error !== undefined) {
    return failed(check, `${way}: ${error}`, `hairpin explain --to ${to}`);
  }
  return ok(check, `${way}: ${identity ?? "in plaintext"}`);
}
