/** What a Gateway may ask of the objects that are made for it. */
import type { GatewayObject } from "../objects.ts";
import {
  ANNOTATION_LENGTH_MAX,
  DEPLOYED_NAME_LENGTH_MAX,
  INFRASTRUCTURE_ENTRIES_MAX,
} from "./limits.ts";

/** A Service's name, which is the strictest of those that are made of the Gateway's. Source: RFC 1035. */
const NAME = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
/** A key's part before the `/`, which is a host name, and the part behind. */
const PREFIX = /^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/;
const KEY = /^[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?)?$/;

/**
 * Whose keys are orders to Kubernetes, the mesh or hairpin, and not a Gateway's
 * to give: with one of them a pod is injected, captured, or let past policies.
 */
const RESERVED = ["kubernetes.io", "k8s.io", "istio.io", "hairpin.dev"];

/** Annotations of load balancers' controllers, which are of a Service alone. */
const ALLOWED = /^service\.beta\.kubernetes\.io\//;

/** Why a Gateway cannot be deployed as it asks; undefined when it can. */
export function infrastructureProblem(
  { metadata: { name }, spec: { gatewayClassName, infrastructure } }:
    GatewayObject,
): string | undefined {
  if (!NAME.test(name) || name.length > DEPLOYED_NAME_LENGTH_MAX) {
    return `name ${shown(name)} cannot be a Service's: want at most ` +
      `${DEPLOYED_NAME_LENGTH_MAX} of a-z, 0-9 and -, a letter first`;
  }
  if (!LABEL_VALUE.test(gatewayClassName)) {
    return `class ${shown(gatewayClassName)} cannot be a label's value`;
  }
  if (infrastructure === undefined) return undefined;
  if (infrastructure.parametersRef !== undefined) {
    return "spec.infrastructure.parametersRef is not supported";
  }
  return entriesProblem("labels", infrastructure.labels) ??
    entriesProblem("annotations", infrastructure.annotations);
}

type Field = "labels" | "annotations";

function entriesProblem(
  field: Field,
  entries: Readonly<Record<string, string>>,
): string | undefined {
  const place = `spec.infrastructure.${field}`;
  const all = Object.entries(entries);
  if (all.length > INFRASTRUCTURE_ENTRIES_MAX) {
    return `${place} has ${all.length} entries: want at most ` +
      INFRASTRUCTURE_ENTRIES_MAX;
  }
  for (const [key, value] of all) {
    const why = keyProblem(key, field) ?? valueProblem(value, field);
    if (why !== undefined) return `${place} ${shown(key)}: ${why}`;
  }
  return undefined;
}

function keyProblem(key: string, field: Field): string | undefined {
  const [last = "", prefix, ...more] = key.split("/").reverse();
  const isKey = more.length === 0 && KEY.test(last) &&
    (prefix === undefined || PREFIX.test(prefix));
  if (!isKey) return `is no key of ${field}`;
  if (field === "annotations" && ALLOWED.test(key)) return undefined;
  const owner = RESERVED.find((domain) =>
    prefix === domain || prefix?.endsWith(`.${domain}`)
  );
  return owner === undefined
    ? undefined
    : `keys of ${owner} are not a Gateway's to set`;
}

function valueProblem(value: string, field: Field): string | undefined {
  if (field === "labels") {
    return LABEL_VALUE.test(value)
      ? undefined
      : `${shown(value)} is no label's value`;
  }
  return value.length <= ANNOTATION_LENGTH_MAX
    ? undefined
    : `is longer than ${ANNOTATION_LENGTH_MAX} characters`;
}

/** Longest excerpt of what a Gateway says, in characters. */
const SHOWN_MAX = 80;

const shown = (text: string): string =>
  JSON.stringify(text.slice(0, SHOWN_MAX));
