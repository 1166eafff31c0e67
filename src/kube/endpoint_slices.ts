/**
 * Endpoints that EndpointSlices add. A slice that points to pods says no more
 * than the pods do, unless its Service selects nothing; other endpoints become
 * workloads of little but an address.
 */
import { parseIp } from "../model/address.ts";
import { serviceKey } from "../model/service.ts";
import {
  DEFAULT_WORKLOAD,
  type PortMap,
  type Workload,
} from "../model/workload.ts";
import type { MeshObjects } from "./mesh_objects.ts";
import type { EndpointSliceObject } from "./objects.ts";
import type { ServiceInfo } from "./service_info.ts";
import type { MeshSettings } from "./settings.ts";

const SERVICE_NAME_LABEL = "kubernetes.io/service-name";

/** The Service that a slice is for. */
export type ServiceOfSlice = (
  slice: EndpointSliceObject,
) => ServiceInfo | undefined;

export function servicesOfSlices(
  infos: readonly ServiceInfo[],
  { clusterDomain }: MeshSettings,
): ServiceOfSlice {
  const byKey = new Map(
    infos.filter(({ source }) => source === "Service")
      .map((info) => [serviceKey(info.service), info]),
  );
  return ({ metadata: { namespace, labels } }) => {
    const name = labels[SERVICE_NAME_LABEL];
    return byKey.get(`${namespace}/${name}.${namespace}.svc.${clusterDomain}`);
  };
}

/** The services whose slices point to a pod, by the pod's `namespace/name`. */
export function servicesByPod(
  objects: MeshObjects,
  serviceOf: ServiceOfSlice,
): ReadonlyMap<string, ReadonlySet<ServiceInfo>> {
  const byPod = new Map<string, Set<ServiceInfo>>();
  for (const slice of objects.all("EndpointSlice")) {
    const info = serviceOf(slice);
    if (info === undefined) continue;
    for (const { targetRef } of slice.endpoints) {
      if (targetRef?.kind !== "Pod") continue;
      const namespace = targetRef.namespace ?? slice.metadata.namespace;
      const key = `${namespace}/${targetRef.name}`;
      byPod.set(key, (byPod.get(key) ?? new Set()).add(info));
    }
  }
  return byPod;
}

/** The workloads of a slice's endpoints that are no pods. */
export function sliceWorkloads(
  slice: EndpointSliceObject,
  serviceOf: ServiceOfSlice,
  settings: MeshSettings,
): Workload[] {
  const info = serviceOf(slice);
  if (info === undefined || slice.addressType === "FQDN") return [];
  const services = { [serviceKey(info.service)]: slicePorts(slice, info) };
  const byAddress = new Map(
    slice.endpoints.filter(({ targetRef }) => targetRef?.kind !== "Pod")
      .map((endpoint) => [endpoint.addresses[0] ?? "", endpoint]),
  );
  return [...byAddress].flatMap(([address, { addresses, conditions }]) => {
    const ips = addresses.map(parseIp).filter((ip) => ip !== undefined);
    return ips.length === 0 || ips.length < addresses.length ? [] : [{
      ...anonymous(slice, settings),
      uid: uidOf(slice, address, settings),
      ips,
      services,
      status: conditions.ready ? "Healthy" : "Unhealthy",
    }];
  });
}

const uidOf = (
  { metadata }: EndpointSliceObject,
  address: string,
  { clusterId }: MeshSettings,
): string =>
  `${clusterId}/discovery.k8s.io/EndpointSlice/${metadata.namespace}/${metadata.name}/${address}`;

/** Its address may be somebody else's too, so nobody is to be recognised by it. */
const anonymous = (
  { metadata }: EndpointSliceObject,
  settings: MeshSettings,
): Workload => ({
  ...DEFAULT_WORKLOAD,
  name: metadata.name,
  namespace: metadata.namespace,
  network: settings.network,
  trustDomain: settings.trustDomain,
  clusterId: settings.clusterId,
  networkMode: "HostNetwork",
});

/** Ports of a slice carry the names of the Service's ports, and the targets' numbers. */
function slicePorts(slice: EndpointSliceObject, info: ServiceInfo): PortMap {
  const targets = new Map(
    slice.ports.filter(({ protocol }) => protocol === "TCP")
      .map(({ name, port }) => [name, port]),
  );
  return Object.fromEntries(
    info.ports.map(({ port, name }) => [port, targets.get(name)] as const)
      .filter((pair): pair is [number, number] => pair[1] !== undefined),
  );
}
