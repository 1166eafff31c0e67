/** Everything that becomes a workload, with its services, policies and waypoint. */
import { serviceKey } from "../model/service.ts";
import type { PortMap, Workload } from "../model/workload.ts";
import type { Attacher } from "./attach.ts";
import {
  type ServiceOfSlice,
  servicesByPod,
  servicesOfSlices,
  sliceWorkloads,
} from "./endpoint_slices.ts";
import { groupBy, type MeshObjects } from "./mesh_objects.ts";
import {
  nameOf,
  type ServiceEntryObject,
  type WorkloadEntryObject,
} from "./objects.ts";
import { podPorts, podWorkload } from "./pods.ts";
import type { WorkloadEntrySpec } from "./schema/networking.ts";
import type { ServiceInfo } from "./service_info.ts";
import type { MeshSettings } from "./settings.ts";
import {
  endpointPorts,
  entryLabels,
  entryWorkload,
  listedWorkload,
} from "./workload_entries.ts";

export function workloadsOf(
  objects: MeshObjects,
  infos: readonly ServiceInfo[],
  attacher: Attacher,
  settings: MeshSettings,
): Workload[] {
  const byEntry = groupBy(
    infos.filter(({ source }) => source === "ServiceEntry"),
    ({ object }) => nameOf(object),
  );
  const serviceOf = servicesOfSlices(infos, settings);
  return [
    ...podWorkloads(objects, serviceOf, attacher, settings),
    ...objects.all("WorkloadEntry").filter(hasNetworkAddress)
      .map((entry) => ofEntry(entry, attacher, settings)),
    ...objects.all("ServiceEntry").flatMap((entry) =>
      ofServiceEntry(
        entry,
        byEntry.get(nameOf(entry)) ?? [],
        attacher,
        settings,
      )
    ),
    ...objects.all("EndpointSlice").flatMap((slice) =>
      sliceWorkloads(slice, serviceOf, settings)
    ),
  ];
}

function podWorkloads(
  objects: MeshObjects,
  serviceOf: ServiceOfSlice,
  attacher: Attacher,
  settings: MeshSettings,
): Workload[] {
  const bySlice = servicesByPod(objects, serviceOf);
  return objects.all("Pod").flatMap((pod) => {
    const workload = podWorkload(pod, objects, settings);
    if (workload === undefined) return [];
    const services = new Set([
      ...attacher.services(pod.metadata),
      ...bySlice.get(nameOf(pod)) ?? [],
    ]);
    return [{
      ...workload,
      ...attacher.waypoint(`Pod "${nameOf(pod)}"`, pod.metadata),
      services: portsByService([...services], (info) => podPorts(pod, info)),
      authorizationPolicies: attacher.policies(pod.metadata),
    }];
  });
}

/** A Unix socket is no address in the mesh. */
const hasNetworkAddress = ({ spec }: WorkloadEntryObject): boolean =>
  !spec.address.startsWith("unix:");

function ofEntry(
  entry: WorkloadEntryObject,
  attacher: Attacher,
  settings: MeshSettings,
): Workload {
  const target = { ...entry.metadata, labels: entryLabels(entry) };
  return {
    ...entryWorkload(entry, settings),
    ...attacher.waypoint(`WorkloadEntry "${nameOf(entry)}"`, target),
    services: portsByService(
      attacher.services(target),
      (info) => endpointPorts(entry.spec, info),
    ),
    authorizationPolicies: attacher.policies(target),
  };
}

/** @param infos The services that this entry describes; none when another entry has them. */
function ofServiceEntry(
  entry: ServiceEntryObject,
  infos: readonly ServiceInfo[],
  attacher: Attacher,
  settings: MeshSettings,
): Workload[] {
  if (infos.length === 0) return [];
  const { spec, metadata } = entry;
  if (spec.endpoints.length === 0) {
    return standForThemselves(entry, infos, attacher, settings);
  }
  return spec.endpoints.filter(({ address }) => !address.startsWith("unix:"))
    .map((endpoint) => ({
      ...listedWorkload(entry, endpoint, settings),
      ...attacher.waypoint(`ServiceEntry "${nameOf(entry)}"`, {
        ...metadata,
        labels: endpoint.labels,
      }),
      services: portsByService(infos, (info) => endpointPorts(endpoint, info)),
      authorizationPolicies: attacher.policies(metadata),
    }));
}

/** By DNS, a host name without endpoints is its own endpoint. */
function standForThemselves(
  entry: ServiceEntryObject,
  infos: readonly ServiceInfo[],
  attacher: Attacher,
  settings: MeshSettings,
): Workload[] {
  const { resolution, workloadSelector } = entry.spec;
  if (!resolution.includes("DNS") || workloadSelector !== undefined) return [];
  return infos.map((info) => {
    const endpoint = { ...NO_ENDPOINT, address: info.service.hostname };
    return {
      ...listedWorkload(entry, endpoint, settings),
      services: portsByService([info], () => endpointPorts(endpoint, info)),
      authorizationPolicies: attacher.policies(entry.metadata),
    };
  });
}

const NO_ENDPOINT: WorkloadEntrySpec = {
  address: "",
  ports: {},
  labels: {},
  network: "",
  locality: "",
  weight: 0,
  serviceAccount: "",
};

const portsByService = (
  infos: readonly ServiceInfo[],
  portsOf: (info: ServiceInfo) => PortMap,
): Workload["services"] =>
  Object.fromEntries(
    infos.map((info) => [serviceKey(info.service), portsOf(info)]),
  );
