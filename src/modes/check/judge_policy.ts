/** Judgements on a connection from one pod of the node to another, by the mesh; pure. */
import * as v from "valibot";
import type { Explanation } from "../../model/explanation.ts";
import { failed, type Judgement, ok, warning } from "./finding.ts";

/** What the proxy says would become of it, or why it does not say. */
export type Explained = Pick<Explanation, "verdict" | "because"> | string;

const explanation = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    verdict: v.picklist(
      ["allow", "deny", "fail", "answer", "elsewhere", "depends"],
    ),
    because: v.string(),
  }),
);

/** @param text What `/explain` answered. */
export function readExplained(text: string): Explained {
  const read = v.safeParse(explanation, text);
  return read.success ? read.output : "the proxy's explanation cannot be read";
}

/** What became of it. */
export type PolicyOutcome =
  /** The application has it. */
  | "arrived"
  /** It was reset, or could not be opened. */
  | "cut"
  /** It was closed without a word, by whomever. */
  | "closed"
  /** Nothing in time. */
  | "silent"
  /** Nobody can look. */
  | "unknown";

/** One connection without any octets. */
export interface TestConnection {
  /** `NAMESPACE/NAME` of the pod that it came from. */
  readonly from: string;
  /** `IP:PORT`. */
  readonly to: string;
  readonly explained: Explained;
  readonly outcome: PolicyOutcome;
}

/** Whether policies let through what they should, and nothing else. */
export function judgePolicyEffect(
  test: TestConnection | undefined,
): Judgement {
  const check = "policy effect";
  if (test === undefined) {
    return ok(check, "no other pod here, or no port, to try it with");
  }
  const { from, to, explained, outcome } = test;
  if (typeof explained === "string") return ok(check, explained);
  const { verdict, because } = explained;
  const way = `${from} to ${to}`;
  const hint = `hairpin explain --from ${from} --to ${to}`;
  if (outcome === "unknown") {
    return warning(check, "cannot be told without ss", "install iproute2");
  }
  switch (verdict) {
    case "allow":
      if (outcome === "arrived") return ok(check, `${way}: allowed, arrives`);
      return outcome === "closed"
        ? warning(check, `${way}: allowed, and closed at once`, hint)
        : failed(check, `${way}: allowed (${because}), and ${outcome}`, hint);
    case "deny":
      return outcome === "arrived"
        ? failed(check, `${way}: denied (${because}), and arrives`, hint)
        : ok(check, `${way}: denied (${because}), ${outcome}`);
    case "fail":
      return failed(check, `${way}: cannot be carried: ${because}`, hint);
    default:
      return ok(check, `${way}: ${verdict} (${because}), ${outcome}`);
  }
}

/** What the proxy counted of connections into a namespace, before and after one. */
export interface Counted {
  readonly before: number;
  readonly after: number;
}

/** Whether the connection left a trace where operators look for it. */
export function judgeCounted(counted: Counted): Judgement {
  const check = "connection counts";
  return counted.after > counted.before
    ? ok(check, "the test connection was counted")
    : failed(
      check,
      `${counted.after} before and after the test connection`,
      "it passed the proxy by, or another process serves the metrics",
    );
}

/** Connections into a namespace that were opened, as the destination's proxy counts them. @param text OpenMetrics. */
export function openedInto(namespace: string, text: string): number {
  const into = `destination_workload_namespace="${namespace}"`;
  return text.split("\n").filter((line) =>
    line.startsWith("istio_tcp_connections_opened_total{") &&
    line.includes('reporter="destination"') && line.includes(into)
  ).reduce((sum, line) => sum + valueOf(line), 0);
}

const valueOf = (line: string): number =>
  Number(/\} (\d+)(?:\.\d+)?(?: |$)/.exec(line)?.[1] ?? 0);
