import type {
  AppProtocol,
  LoadBalancer,
  RoutingScope,
  Service,
} from "../../model/service.ts";
import { XdsResourceError } from "./errors.ts";
import {
  AppProtocol as PortProtocol,
  IPFamilies,
  type LoadBalancing,
  LoadBalancing_HealthPolicy as HealthPolicy,
  LoadBalancing_Mode as Mode,
  LoadBalancing_Scope as Scope,
  type NetworkAddress,
  type Port,
  type Service as ServiceMessage,
  Service_Visibility as Visibility,
  type WeightedWaypoint,
} from "./gen/workload_pb.ts";
import {
  cidrOf,
  enumValue,
  gatewayOf,
  ipOf,
  isWhole,
  portMapOf,
} from "./values.ts";

/**
 * Reads a service.
 *
 * @throws {XdsResourceError} when it has no host name, or something in it is
 * not known here. A visibility that is not known counts as public, a port's
 * protocol that is not known as none.
 */
export function serviceOf(message: ServiceMessage): Service {
  const { name, namespace, hostname, waypoint, loadBalancing } = message;
  if (hostname === "") throw new XdsResourceError("a service without hostname");
  const ipFamilies = enumValue(FAMILIES, message.ipFamilies, "IP families");
  return {
    name,
    namespace,
    hostname,
    ...addressesOf(message.addresses),
    ports: portMapOf(message.ports),
    ...appProtocolsOf(message.ports),
    subjectAltNames: message.subjectAltNames,
    weightedWaypoints: message.weightedWaypoints.map(weightedWaypointOf),
    canonical: message.canonical,
    visibility: message.visibility === Visibility.NAMESPACE
      ? "Namespace"
      : "Public",
    ...waypoint && { waypoint: gatewayOf(waypoint) },
    ...loadBalancing && { loadBalancer: loadBalancerOf(loadBalancing) },
    ...ipFamilies !== "Automatic" && { ipFamilies },
  };
}

const FAMILIES = {
  [IPFamilies.AUTOMATIC]: "Automatic",
  [IPFamilies.IPV4_ONLY]: "IPv4",
  [IPFamilies.IPV6_ONLY]: "IPv6",
  [IPFamilies.DUAL]: "Dual",
} as const;

function addressesOf(
  addresses: readonly NetworkAddress[],
): Pick<Service, "vips" | "cidrVips"> {
  const vips: Service["vips"][number][] = [];
  const cidrVips: Service["cidrVips"][number][] = [];
  for (const { network, address, length } of addresses) {
    const cidr = length === undefined ? undefined : cidrOf(address, length);
    if (cidr === undefined || isWhole(cidr)) {
      vips.push({ network, ip: ipOf(address) });
    } else {
      cidrVips.push({ network, cidr });
    }
  }
  return { vips, cidrVips };
}

const APP_PROTOCOLS: Readonly<Record<number, AppProtocol>> = {
  [PortProtocol.HTTP11]: "HTTP11",
  [PortProtocol.HTTP2]: "HTTP2",
  [PortProtocol.GRPC]: "GRPC",
  [PortProtocol.TCP]: "TCP",
  [PortProtocol.TLS]: "TLS",
};

function appProtocolsOf(
  ports: readonly Port[],
): Pick<Service, "appProtocols"> {
  const known: Record<number, AppProtocol> = {};
  for (const { servicePort, appProtocol } of ports) {
    const protocol = APP_PROTOCOLS[appProtocol];
    if (protocol !== undefined) known[servicePort] = protocol;
  }
  return Object.keys(known).length === 0 ? {} : { appProtocols: known };
}

function weightedWaypointOf(
  { destination, weight }: WeightedWaypoint,
): Service["weightedWaypoints"][number] {
  if (destination === undefined) {
    throw new XdsResourceError("a weighted waypoint without destination");
  }
  return { destination: gatewayOf(destination), weight };
}

const MODES: Readonly<Record<number, LoadBalancer["mode"]>> = {
  [Mode.UNSPECIFIED_MODE]: "Standard",
  [Mode.STRICT]: "Strict",
  [Mode.FAILOVER]: "Failover",
  [Mode.PASSTHROUGH]: "Passthrough",
};

const HEALTH_POLICIES: Readonly<Record<number, LoadBalancer["healthPolicy"]>> =
  {
    [HealthPolicy.ONLY_HEALTHY]: "OnlyHealthy",
    [HealthPolicy.ALLOW_ALL]: "AllowAll",
  };

const SCOPES: Readonly<Record<number, RoutingScope>> = {
  [Scope.REGION]: "Region",
  [Scope.ZONE]: "Zone",
  [Scope.SUBZONE]: "Subzone",
  [Scope.NODE]: "Node",
  [Scope.CLUSTER]: "Cluster",
  [Scope.NETWORK]: "Network",
};

const loadBalancerOf = (
  { routingPreference, mode, healthPolicy }: LoadBalancing,
): LoadBalancer => ({
  routingPreferences: routingPreference.map((scope) =>
    enumValue(SCOPES, scope, "routing scope")
  ),
  mode: enumValue(MODES, mode, "load balancing mode"),
  healthPolicy: enumValue(HEALTH_POLICIES, healthPolicy, "health policy"),
});
