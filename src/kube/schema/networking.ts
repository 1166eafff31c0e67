/** Kinds of networking.istio.io that become services and workloads. */
import * as v from "valibot";
import {
  cidr,
  filled,
  hostName,
  ip,
  labels,
  listOf,
  mapOf,
  oneOf,
  open,
  port,
  someOf,
  text,
  whole,
} from "./fields.ts";

export const workloadEntrySpec = open({
  address: v.optional(
    v.union(
      [ip, v.literal(""), v.pipe(text, v.startsWith("unix://")), hostName],
      "is not an IP address or host name",
    ),
    "",
  ),
  ports: v.optional(mapOf(port), {}),
  labels,
  network: v.optional(text, ""),
  locality: v.optional(text, ""),
  weight: v.optional(whole(0, 4_294_967_295), 0),
  serviceAccount: v.optional(text, ""),
});

export const serviceEntrySpec = open({
  hosts: v.pipe(listOf(hostName), v.minLength(1, "is empty")),
  addresses: someOf(cidr),
  ports: someOf(open({
    number: port,
    name: v.optional(text, ""),
    protocol: v.optional(text, ""),
    targetPort: v.exactOptional(port),
  })),
  resolution: v.optional(
    oneOf("NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"),
    "NONE",
  ),
  endpoints: someOf(workloadEntrySpec),
  workloadSelector: v.exactOptional(open({ labels })),
  subjectAltNames: someOf(filled),
});

export const serviceEntryStatus = open({
  addresses: someOf(open({ value: ip, host: v.optional(text, "") })),
});

export type WorkloadEntrySpec = v.InferOutput<typeof workloadEntrySpec>;
export type ServiceEntrySpec = v.InferOutput<typeof serviceEntrySpec>;
export type ServiceEntryStatus = v.InferOutput<typeof serviceEntryStatus>;
