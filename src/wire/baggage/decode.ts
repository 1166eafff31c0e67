import type { Baggage } from "../../model/baggage.ts";
import {
  BAGGAGE_MEMBERS_MAX,
  BAGGAGE_TEXT_MAX,
  BAGGAGE_VALUE_MAX,
} from "./limits.ts";

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** What a set of headers without any known member says. */
const NOTHING: Baggage = {
  cluster: "",
  namespace: "",
  workloadType: "deployment",
  workloadName: "",
  canonicalName: "",
  canonicalRevision: "",
  region: "",
  zone: "",
};

/**
 * Reads `baggage` headers as ztunnel does: neither trimmed nor unescaped, the
 * last of equal keys counts, unknown keys and values past their limit do not.
 *
 * @param headers Every instance of the header, in order.
 * @returns undefined when there is none, one of them is not printable ASCII, or
 *   they are past a limit.
 */
export function decodeBaggage(headers: readonly string[]): Baggage | undefined {
  const text = headers.join(",");
  if (text === "" || text.length > BAGGAGE_TEXT_MAX) return undefined;
  if (!/^[\t\x20-\x7e]*$/.test(text)) return undefined;
  const members = text.split(",");
  if (members.length > BAGGAGE_MEMBERS_MAX) return undefined;
  const baggage: Writable<Baggage> = { ...NOTHING };
  for (const member of members) {
    const [key = "", value = ""] = member.split("=");
    if (value !== "" && value.length <= BAGGAGE_VALUE_MAX) {
      put(baggage, key, value);
    }
  }
  return baggage;
}

function put(baggage: Writable<Baggage>, key: string, value: string): void {
  const workloadType = WORKLOAD_TYPES.get(key);
  if (workloadType !== undefined) {
    baggage.workloadType = workloadType;
    baggage.workloadName = value;
    return;
  }
  const field = FIELDS.get(key);
  if (field !== undefined) baggage[field] = value;
}

const WORKLOAD_TYPES: ReadonlyMap<string, Baggage["workloadType"]> = new Map([
  ["k8s.deployment.name", "deployment"],
  ["k8s.cronjob.name", "cronjob"],
  ["k8s.pod.name", "pod"],
  ["k8s.job.name", "job"],
]);

const FIELDS: ReadonlyMap<
  string,
  Exclude<keyof Baggage, "workloadType">
> = new Map([
  ["k8s.cluster.name", "cluster"],
  ["k8s.namespace.name", "namespace"],
  ["service.name", "canonicalName"],
  ["service.version", "canonicalRevision"],
  ["cloud.region", "region"],
  ["cloud.availability_zone", "zone"],
]);
