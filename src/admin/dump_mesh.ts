/** Workloads and services in ztunnel's JSON; fields at their default are left out. */
import { formatCidr } from "../model/address.ts";
import type { LoadBalancer, Service } from "../model/service.ts";
import type { GatewayAddress, PortMap, Workload } from "../model/workload.ts";
import type { Json } from "./json.ts";
import type { EndpointRow, ServiceRow } from "./rows.ts";

/** A workload of the mesh; its services as a list of keys. */
export const dumpWorkload = (workload: Workload): Json => ({
  ...commonFields(workload),
  services: unlessEmpty(Object.keys(workload.services).sort()),
});

/** A workload of the local file; its services with their ports, as it spells them. */
export const dumpStaticWorkload = (workload: Workload): Json => ({
  ...commonFields(workload),
  services: mapValues(workload.services, dumpPorts),
});

function commonFields(workload: Workload): Record<string, Json | undefined> {
  const { waypoint, networkGateway } = workload;
  return {
    ...alwaysPresent(workload),
    uid: workload.uid || undefined,
    trustDomain: workload.trustDomain || undefined,
    serviceAccount: workload.serviceAccount || undefined,
    network: workload.network || undefined,
    workloadName: workload.workloadName || undefined,
    workloadType: workload.workloadType,
    canonicalName: workload.canonicalName || undefined,
    canonicalRevision: workload.canonicalRevision || undefined,
    hostname: workload.hostname || undefined,
    node: workload.node || undefined,
    nativeTunnel: workload.nativeTunnel || undefined,
    applicationTunnel: dumpTunnel(workload.applicationTunnel),
    authorizationPolicies: unlessEmpty(workload.authorizationPolicies),
    locality: dumpLocality(workload.locality),
    waypoint: waypoint && dumpGateway(waypoint),
    networkGateway: networkGateway && dumpGateway(networkGateway),
  };
}

const alwaysPresent = (workload: Workload) => ({
  workloadIps: workload.ips,
  protocol: workload.protocol,
  networkMode: workload.networkMode,
  name: workload.name,
  namespace: workload.namespace,
  status: workload.status,
  clusterId: workload.clusterId,
  capacity: workload.capacity,
});

const dumpTunnel = (
  tunnel: Workload["applicationTunnel"],
): Json | undefined =>
  tunnel && { protocol: tunnel.protocol, port: tunnel.port ?? null };

function dumpLocality(locality: Workload["locality"]): Json | undefined {
  const { region, zone, subzone } = locality;
  return region + zone + subzone === "" ? undefined : { region, zone, subzone };
}

/** `namespace/hostname` or `network/ip`, as the local file writes it. */
function dumpGateway({ destination, hboneMtlsPort }: GatewayAddress): Json {
  const text = destination.kind === "hostname"
    ? `${destination.namespace}/${destination.hostname}`
    : `${destination.network}/${destination.ip}`;
  return { destination: text, hboneMtlsPort };
}

export const dumpService = ({ service, endpoints }: ServiceRow): Json => ({
  name: service.name,
  namespace: service.namespace,
  hostname: service.hostname,
  vips: service.vips.map(({ network, ip }) => `${network}/${ip}`),
  cidrVips: unlessEmpty(service.cidrVips.map(dumpCidrVip)),
  ports: dumpPorts(service.ports),
  endpoints: dumpEndpoints(endpoints),
  subjectAltNames: service.subjectAltNames,
  waypoint: service.waypoint && dumpGateway(service.waypoint),
  weightedWaypoints: unlessEmpty(service.weightedWaypoints.map((waypoint) => ({
    destination: dumpGateway(waypoint.destination),
    weight: waypoint.weight,
  }))),
  loadBalancer: service.loadBalancer && dumpLoadBalancer(service.loadBalancer),
  ipFamilies: service.ipFamilies,
  canonical: service.canonical,
  visibility: service.visibility,
});

const dumpCidrVip = ({ network, cidr }: Service["cidrVips"][number]): Json => ({
  network,
  cidr: formatCidr(cidr),
});

const dumpLoadBalancer = (loadBalancer: LoadBalancer): Json => ({
  mode: loadBalancer.mode,
  routingPreferences: loadBalancer.routingPreferences,
  healthPolicy: loadBalancer.healthPolicy,
});

/** Endpoints by workload uid. */
export function dumpEndpoints(endpoints: Iterable<EndpointRow>): Json {
  const rows = Array.from(endpoints, ({ workload, ports }): [string, Json] => [
    workload.uid,
    {
      workloadUid: workload.uid,
      port: dumpPorts(ports),
      status: workload.status,
    },
  ]);
  return Object.fromEntries(rows);
}

const dumpPorts = (ports: PortMap): Json => ({ ...ports });

function mapValues<T>(
  values: Readonly<Record<string, T>>,
  map: (value: T) => Json,
): Json {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, map(value)]),
  );
}

const unlessEmpty = (list: readonly Json[]): readonly Json[] | undefined =>
  list.length === 0 ? undefined : list;
