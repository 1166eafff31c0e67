import {
  DEFAULT_WORKLOAD,
  type PortMap,
  type Workload,
} from "../../model/workload.ts";
import { XdsResourceError } from "./errors.ts";
import {
  type ApplicationTunnel,
  ApplicationTunnel_Protocol as TunnelInApplication,
  NetworkMode,
  type PortList,
  TunnelProtocol,
  type Workload as WorkloadMessage,
  WorkloadStatus,
  WorkloadType,
} from "./gen/workload_pb.ts";
import { enumValue, gatewayOf, ipOf, portMapOf, portOf } from "./values.ts";

/**
 * Reads a workload.
 *
 * @throws {XdsResourceError} when it has no uid, or something in it is not
 * known here. A type that is not known counts as a deployment.
 */
export function workloadOf(message: WorkloadMessage): Workload {
  if (message.uid === "") throw new XdsResourceError("a workload without uid");
  return {
    uid: message.uid,
    name: message.name,
    namespace: message.namespace,
    ips: message.addresses.map(ipOf),
    hostname: message.hostname,
    network: message.network,
    ...identityOf(message),
    node: message.node,
    canonicalName: message.canonicalName,
    canonicalRevision: message.canonicalRevision,
    workloadName: message.workloadName,
    workloadType: TYPES[message.workloadType] ?? "deployment",
    services: servicesOf(message.services),
    authorizationPolicies: message.authorizationPolicies,
    status: enumValue(STATUSES, message.status, "workload status"),
    clusterId: message.clusterId || DEFAULT_WORKLOAD.clusterId,
    locality: localityOf(message),
    networkMode: enumValue(MODES, message.networkMode, "network mode"),
    capacity: message.capacity ?? DEFAULT_WORKLOAD.capacity,
    ...waysOf(message),
  };
}

const TYPES: Readonly<Record<number, Workload["workloadType"]>> = {
  [WorkloadType.DEPLOYMENT]: "deployment",
  [WorkloadType.CRONJOB]: "cronjob",
  [WorkloadType.POD]: "pod",
  [WorkloadType.JOB]: "job",
};

const STATUSES: Readonly<Record<number, Workload["status"]>> = {
  [WorkloadStatus.HEALTHY]: "Healthy",
  [WorkloadStatus.UNHEALTHY]: "Unhealthy",
};

const MODES: Readonly<Record<number, Workload["networkMode"]>> = {
  [NetworkMode.STANDARD]: "Standard",
  [NetworkMode.HOST_NETWORK]: "HostNetwork",
};

/** The tunnel of legacy Istio is not in it: it is spoken by sidecars alone. */
const PROTOCOLS: Readonly<Record<number, Workload["protocol"]>> = {
  [TunnelProtocol.NONE]: "TCP",
  [TunnelProtocol.HBONE]: "HBONE",
};

const identityOf = (
  { tunnelProtocol, trustDomain, serviceAccount }: WorkloadMessage,
) => ({
  protocol: enumValue(PROTOCOLS, tunnelProtocol, "tunnel protocol"),
  trustDomain: trustDomain || DEFAULT_WORKLOAD.trustDomain,
  serviceAccount: serviceAccount || DEFAULT_WORKLOAD.serviceAccount,
});

function localityOf({ locality }: WorkloadMessage): Workload["locality"] {
  if (locality === undefined) return DEFAULT_WORKLOAD.locality;
  const { region, zone, subzone } = locality;
  return { region, zone, subzone };
}

function servicesOf(
  services: Readonly<Record<string, PortList>>,
): Workload["services"] {
  const own: Record<string, PortMap> = {};
  for (const [key, { ports }] of Object.entries(services)) {
    if (!key.includes("/")) {
      throw new XdsResourceError(
        `service ${JSON.stringify(key)} is not NAMESPACE/HOSTNAME`,
      );
    }
    own[key] = portMapOf(ports);
  }
  return own;
}

/** How it is reached past, or beside, its own address. */
const waysOf = (
  { waypoint, networkGateway, nativeTunnel, applicationTunnel }:
    WorkloadMessage,
) => ({
  nativeTunnel,
  ...waypoint && { waypoint: gatewayOf(waypoint) },
  ...networkGateway && { networkGateway: gatewayOf(networkGateway) },
  ...applicationTunnel &&
    { applicationTunnel: applicationTunnelOf(applicationTunnel) },
});

const TUNNELS = {
  [TunnelInApplication.NONE]: "NONE",
  [TunnelInApplication.PROXY]: "PROXY",
} as const;

function applicationTunnelOf(
  { protocol, port }: ApplicationTunnel,
): NonNullable<Workload["applicationTunnel"]> {
  const kind = enumValue(TUNNELS, protocol, "application tunnel protocol");
  return { protocol: kind, ...port !== 0 && { port: portOf(port) } };
}
