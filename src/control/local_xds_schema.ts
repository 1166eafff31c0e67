/**
 * The fields of ztunnel's local file, all of it closed: a misspelt
 * `authorizationPolicies` would otherwise open what it was to close.
 */
import * as v from "valibot";
import { parseIp } from "../model/address.ts";
import { fields } from "../kube/mod.ts";
import type { GatewayAddress } from "../model/workload.ts";

const { cidr, closed, filled, flag, ip, listOf, mapOf, oneOf, someOf, text } =
  fields;

const optionalText = v.optional(text, "");

const portMap = v.pipe(
  mapOf(fields.whole(0, 65_535)),
  v.check(
    (ports) => Object.keys(ports).every((key) => /^\d{1,5}$/.test(key)),
    "has a key that is not a port",
  ),
);

/** `namespace/host` or `network/address`. */
const destination = fields.parsed<GatewayAddress["destination"]>(
  (value) => {
    const slash = value.indexOf("/");
    if (slash < 0) return undefined;
    const [first, second] = [value.slice(0, slash), value.slice(slash + 1)];
    const address = parseIp(second);
    if (address !== undefined) {
      return { kind: "address", network: first, ip: address };
    }
    return first === "" || !/^[-.\w]+$/.test(second)
      ? undefined
      : { kind: "hostname", namespace: first, hostname: second };
  },
  'is not "NAMESPACE/HOST" or "NETWORK/ADDRESS"',
);

const gateway = closed({
  destination,
  hboneMtlsPort: fields.whole(0, 65_535),
});

const endpointPorts = v.pipe(
  mapOf(portMap),
  v.check(
    (services) => Object.keys(services).every((key) => /^[^/]+\/.+$/.test(key)),
    'has a key that is not "NAMESPACE/HOST"',
  ),
);

export const localWorkload = closed({
  uid: optionalText,
  name: optionalText,
  namespace: text,
  serviceAccount: optionalText,
  trustDomain: optionalText,
  workloadIps: listOf(ip),
  hostname: optionalText,
  network: optionalText,
  node: optionalText,
  protocol: v.optional(oneOf("TCP", "HBONE"), "TCP"),
  networkMode: v.optional(oneOf("Standard", "HostNetwork"), "Standard"),
  status: v.optional(oneOf("Healthy", "Unhealthy"), "Healthy"),
  clusterId: v.optional(text, "Kubernetes"),
  workloadName: optionalText,
  workloadType: v.optional(
    oneOf("deployment", "cronjob", "pod", "job"),
    "deployment",
  ),
  canonicalName: optionalText,
  canonicalRevision: optionalText,
  nativeTunnel: v.optional(flag, false),
  locality: v.optional(
    closed({
      region: optionalText,
      zone: optionalText,
      subzone: optionalText,
    }),
    {},
  ),
  capacity: v.optional(fields.whole(0, 4_294_967_295), 1),
  waypoint: v.exactOptional(gateway),
  networkGateway: v.exactOptional(gateway),
  applicationTunnel: v.exactOptional(closed({
    protocol: oneOf("NONE", "PROXY"),
    port: v.exactOptional(fields.port),
  })),
  authorizationPolicies: someOf(filled),
  services: endpointPorts,
});

/** `network/address`, the network often empty. */
const networkAddress = fields.parsed(
  (value) => {
    const slash = value.lastIndexOf("/");
    const address = slash < 0 ? undefined : parseIp(value.slice(slash + 1));
    return address && { network: value.slice(0, slash), ip: address };
  },
  'is not "NETWORK/ADDRESS"',
);

const localService = closed({
  name: text,
  namespace: text,
  hostname: filled,
  vips: someOf(networkAddress),
  cidrVips: someOf(closed({ network: optionalText, cidr })),
  ports: v.optional(portMap, {}),
  subjectAltNames: someOf(text),
  waypoint: v.exactOptional(gateway),
  weightedWaypoints: someOf(closed({
    destination: gateway,
    weight: fields.whole(0, 4_294_967_295),
  })),
  loadBalancer: v.exactOptional(closed({
    mode: oneOf("Standard", "Strict", "Failover", "Passthrough"),
    routingPreferences: listOf(
      oneOf("Network", "Region", "Zone", "Subzone", "Node", "Cluster"),
    ),
    healthPolicy: oneOf("OnlyHealthy", "AllowAll"),
  })),
  ipFamilies: v.exactOptional(oneOf("IPv4", "IPv6", "Dual")),
  canonical: v.optional(flag, false),
  visibility: v.optional(oneOf("Public", "Namespace"), "Public"),
});

const stringMatch = v.union(
  [
    v.pipe(
      closed({ Exact: text }),
      v.transform(({ Exact }) => ({ kind: "exact" as const, value: Exact })),
    ),
    v.pipe(
      closed({ Prefix: text }),
      v.transform(({ Prefix }) => ({ kind: "prefix" as const, value: Prefix })),
    ),
    v.pipe(
      closed({ Suffix: text }),
      v.transform(({ Suffix }) => ({ kind: "suffix" as const, value: Suffix })),
    ),
    v.pipe(
      closed({ Presence: v.unknown() }),
      v.transform(() => ({ kind: "presence" as const })),
    ),
  ],
  "is none of !Exact, !Prefix, !Suffix and !Presence",
);

const serviceAccount = closed({ namespace: text, serviceAccount: text });
const anyPort = fields.whole(0, 65_535);

const match = closed({
  namespaces: someOf(stringMatch),
  notNamespaces: someOf(stringMatch),
  principals: someOf(stringMatch),
  notPrincipals: someOf(stringMatch),
  serviceAccounts: someOf(serviceAccount),
  notServiceAccounts: someOf(serviceAccount),
  sourceIps: someOf(cidr),
  notSourceIps: someOf(cidr),
  destinationIps: someOf(cidr),
  notDestinationIps: someOf(cidr),
  destinationPorts: someOf(anyPort),
  notDestinationPorts: someOf(anyPort),
});

const localPolicy = closed({
  name: text,
  namespace: text,
  scope: oneOf("Global", "Namespace", "WorkloadSelector"),
  action: oneOf("Allow", "Deny"),
  dryRun: flag,
  rules: someOf(listOf(listOf(match))),
});

export const localFile = closed({
  workloads: someOf(localWorkload),
  services: someOf(localService),
  policies: someOf(localPolicy),
});
