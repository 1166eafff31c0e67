/** Whether a DaemonSet still runs a pod on a node: its controller's question. */
import * as v from "valibot";
import {
  listOf,
  mapOf,
  metadata,
  open,
  someOf,
  text,
} from "./schema/fields.ts";

const requirement = open({ key: text, operator: text, values: someOf(text) });

const term = open({
  matchExpressions: someOf(requirement),
  matchFields: someOf(requirement),
});

const toleration = open({
  key: v.optional(text, ""),
  operator: v.optional(text, "Equal"),
  value: v.optional(text, ""),
  effect: v.optional(text, ""),
});

const affinity = open({
  nodeAffinity: v.nullish(open({
    requiredDuringSchedulingIgnoredDuringExecution: v.nullish(
      open({ nodeSelectorTerms: listOf(term) }),
    ),
  })),
});

const podSpec = open({
  nodeName: v.optional(text, ""),
  nodeSelector: v.optional(mapOf(text), {}),
  affinity: v.nullish(affinity),
  tolerations: someOf(toleration),
});

const daemonSet = open({ spec: open({ template: open({ spec: podSpec }) }) });

const taintShape = open({
  key: text,
  value: v.optional(text, ""),
  effect: text,
});

const node = open({
  metadata,
  spec: v.optional(open({ taints: someOf(taintShape) }), { taints: [] }),
});

export type DaemonSetPod = v.InferOutput<typeof podSpec>;
export type SchedulableNode = v.InferOutput<typeof node>;

/** What the pods of a DaemonSet ask of a node; undefined for what is none. */
export function readDaemonSetPod(value: unknown): DaemonSetPod | undefined {
  const result = v.safeParse(daemonSet, value);
  return result.success ? result.output.spec.template.spec : undefined;
}

/** What pods find at a node; undefined for what is none. */
export function readSchedulableNode(
  value: unknown,
): SchedulableNode | undefined {
  const result = v.safeParse(node, value);
  return result.success ? result.output : undefined;
}

/**
 * Whether another pod of it would come to the node after this one. What this
 * does not know it takes for a match.
 *
 * @param passing Taints that go by themselves, by key.
 */
export function runsOn(
  pod: DaemonSetPod,
  node: SchedulableNode,
  passing: (key: string) => boolean,
): boolean {
  const { name, labels } = node.metadata;
  const required = pod.affinity?.nodeAffinity
    ?.requiredDuringSchedulingIgnoredDuringExecution;
  return (pod.nodeName === "" || pod.nodeName === name) &&
    Object.entries(pod.nodeSelector).every(([key, value]) =>
      labels[key] === value
    ) &&
    (required?.nodeSelectorTerms.some((term) => fits(term, name, labels)) ??
      true) &&
    node.spec.taints.every((taint) =>
      !KEEPS_AWAY.has(taint.effect) || passing(taint.key) ||
      pod.tolerations.some((one) => tolerates(one, taint))
    );
}

const KEEPS_AWAY: ReadonlySet<string> = new Set(["NoSchedule", "NoExecute"]);

type Term = v.InferOutput<typeof term>;
type Requirement = v.InferOutput<typeof requirement>;

/** One that asks for nothing fits nothing. */
function fits(
  { matchExpressions, matchFields }: Term,
  name: string,
  labels: Readonly<Record<string, string>>,
): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  return matchExpressions.every((one) => meets(one, labels[one.key])) &&
    matchFields.every((one) =>
      meets(one, one.key === "metadata.name" ? name : undefined)
    );
}

function meets(
  { operator, values }: Requirement,
  found: string | undefined,
): boolean {
  switch (operator) {
    case "In":
      return found !== undefined && values.includes(found);
    case "NotIn":
      return found === undefined || !values.includes(found);
    case "Exists":
      return found !== undefined;
    case "DoesNotExist":
      return found === undefined;
    case "Gt":
      return whole(found) > whole(values[0]);
    case "Lt":
      return whole(found) < whole(values[0]);
    default:
      return true;
  }
}

/** NaN, which compares with nothing, for what is no whole number. */
const whole = (text: string | undefined): number =>
  /^[+-]?\d+$/.test(text ?? "") ? Number(text) : NaN;

function tolerates(
  { key, operator, value, effect }: v.InferOutput<typeof toleration>,
  taint: v.InferOutput<typeof taintShape>,
): boolean {
  if (effect !== "" && effect !== taint.effect) return false;
  if (key !== "" && key !== taint.key) return false;
  return operator === "Equal" ? value === taint.value : true;
}
