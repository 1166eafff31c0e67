/** WorkloadEntries, and the endpoints that a ServiceEntry lists, as WDS workloads. */
import { parseIp } from "../model/address.ts";
import {
  DEFAULT_WORKLOAD,
  type Locality,
  type PortMap,
  type Workload,
} from "../model/workload.ts";
import { REDIRECTION_ANNOTATION, WORKLOAD_NAME_LABEL } from "./annotations.ts";
import { canonicalService } from "./canonical.ts";
import { labelledForTunnel } from "./enrolment.ts";
import type { ServiceEntryObject, WorkloadEntryObject } from "./objects.ts";
import type { WorkloadEntrySpec } from "./schema/networking.ts";
import type { Labels } from "./selectors.ts";
import type { ServiceInfo, ServicePort } from "./service_info.ts";
import type { MeshSettings } from "./settings.ts";

/** Labels of a WorkloadEntry: those of its metadata go before those of its spec. */
export const entryLabels = (
  { metadata, spec }: WorkloadEntryObject,
): Labels => ({
  ...spec.labels,
  ...metadata.labels,
});

export function entryWorkload(
  entry: WorkloadEntryObject,
  settings: MeshSettings,
): Workload {
  const { metadata, spec } = entry;
  const labels = entryLabels(entry);
  const workloadName = metadata.annotations["istio.io/autoRegistrationGroup"] ??
    labels[WORKLOAD_NAME_LABEL] ?? metadata.name;
  return {
    ...endpoint(spec, settings),
    uid:
      `${settings.clusterId}/networking.istio.io/WorkloadEntry/${metadata.namespace}/${metadata.name}`,
    name: metadata.name,
    namespace: metadata.namespace,
    workloadName,
    ...canonicalService(labels, workloadName),
    ...tunnelOf(labels, metadata.annotations),
  };
}

/** The workload of one endpoint that a ServiceEntry lists, or of a host name that stands for itself. */
export function listedWorkload(
  { metadata }: ServiceEntryObject,
  spec: WorkloadEntrySpec,
  settings: MeshSettings,
): Workload {
  return {
    ...endpoint(spec, settings),
    uid:
      `${settings.clusterId}/networking.istio.io/ServiceEntry/${metadata.namespace}/${metadata.name}/${spec.address}`,
    name: metadata.name,
    namespace: metadata.namespace,
    workloadName: metadata.name,
    ...canonicalService(metadata.labels, metadata.name),
    ...tunnelOf(metadata.labels, metadata.annotations),
  };
}

function endpoint(spec: WorkloadEntrySpec, settings: MeshSettings): Workload {
  const ip = parseIp(spec.address);
  return {
    ...DEFAULT_WORKLOAD,
    ips: ip === undefined ? [] : [ip],
    hostname: ip === undefined ? spec.address : "",
    network: spec.network || settings.network,
    trustDomain: settings.trustDomain,
    serviceAccount: spec.serviceAccount || "default",
    workloadType: "pod",
    clusterId: settings.clusterId,
    locality: splitLocality(spec.locality),
    capacity: spec.weight || 1,
  };
}

function splitLocality(text: string): Locality {
  const [region = "", zone = "", subzone = ""] = text.split("/");
  return { region, zone, subzone };
}

/** These run outside the cluster: nobody redirects them but whoever says so. */
function tunnelOf(
  labels: Labels,
  annotations: Labels,
): Pick<Workload, "protocol" | "nativeTunnel"> {
  const nativeTunnel = labelledForTunnel(labels);
  const redirected = annotations[REDIRECTION_ANNOTATION] === "enabled";
  return {
    protocol: nativeTunnel || redirected ? "HBONE" : "TCP",
    nativeTunnel,
  };
}

/** Where an endpoint serves each port of a service; a named target that it does not have is left out. */
export function endpointPorts(
  spec: WorkloadEntrySpec,
  info: ServiceInfo,
): PortMap {
  const ports: Record<number, number> = {};
  for (const port of info.ports) {
    const target = endpointTarget(spec.ports, port);
    if (target !== undefined) ports[port.port] = target;
  }
  return ports;
}

function endpointTarget(
  named: Readonly<Record<string, number>>,
  { name, target }: ServicePort,
): number | undefined {
  const own = (key: string) =>
    Object.hasOwn(named, key) ? named[key] : undefined;
  return typeof target === "string" ? own(target) : own(name) ?? target;
}
