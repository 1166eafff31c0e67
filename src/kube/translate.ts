/**
 * Kubernetes objects as the resources that istiod would make of them: one
 * translation for every source of objects.
 */
import type { Policy } from "../model/policy.ts";
import { type Service, serviceKey } from "../model/service.ts";
import type { Workload } from "../model/workload.ts";
import { Attacher } from "./attach.ts";
import { MeshObjects } from "./mesh_objects.ts";
import { type KubeObject, nameOf } from "./objects.ts";
import { convertAuthorizationPolicy, isForL4 } from "./policies/policies.ts";
import { PeerAuthentications } from "./policies/peer_authentication.ts";
import { policyWarnings } from "./policies/warnings.ts";
import { serviceEntryInfos } from "./service_entries.ts";
import { serviceInfo, withoutRivals } from "./services.ts";
import type { ServiceInfo } from "./service_info.ts";
import { DEFAULT_SETTINGS, type MeshSettings } from "./settings.ts";
import { gatewayService } from "./waypoint_service.ts";
import { sayProblem, Waypoints } from "./waypoints.ts";
import { workloadsOf } from "./workloads.ts";

export interface Translation {
  readonly workloads: readonly Workload[];
  readonly services: readonly Service[];
  readonly policies: readonly Policy[];
  /** What a user would not expect, each on one line. */
  readonly warnings: readonly string[];
}

export function translate(
  kubeObjects: readonly KubeObject[],
  options: Partial<MeshSettings> = {},
): Translation {
  const settings = { ...DEFAULT_SETTINGS, ...options };
  const objects = new MeshObjects(kubeObjects);
  const waypoints = new Waypoints(objects, settings);
  const warnings: string[] = [];
  const infos = serviceInfos(objects, settings, waypoints);
  const services = infos.map((info) => withWaypoint(info, waypoints, warnings));
  const converted = objects.all("AuthorizationPolicy").filter(isForL4)
    .map((object) => convertAuthorizationPolicy(object, settings))
    .filter((policy) => policy !== undefined);
  const peers = new PeerAuthentications(objects, settings);
  const attacher = new Attacher(infos, converted, peers, waypoints, settings);
  const workloads = workloadsOf(objects, infos, attacher, settings);
  return {
    workloads,
    services,
    policies: [...converted.map(({ policy }) => policy), ...peers.policies()],
    warnings: [
      ...warnings,
      ...attacher.warnings,
      ...peers.warnings,
      ...policyWarnings(objects, converted, workloads, services),
    ],
  };
}

function serviceInfos(
  objects: MeshObjects,
  settings: MeshSettings,
  waypoints: Waypoints,
): ServiceInfo[] {
  const infos = withoutRivals([
    ...objects.all("Service").map((o) => serviceInfo(o, objects, settings))
      .filter((info) => info !== undefined),
    ...objects.all("ServiceEntry").flatMap((o) =>
      serviceEntryInfos(o, objects, settings)
    ),
  ]);
  const taken = new Set(infos.map(({ service }) => serviceKey(service)));
  const ofGateways = waypoints.reachedByPods()
    .map((gateway) => gatewayService(gateway, settings))
    .filter(({ service }) => !taken.has(serviceKey(service)));
  return [...infos, ...ofGateways];
}

function withWaypoint(
  { service, object, source }: ServiceInfo,
  waypoints: Waypoints,
  warnings: string[],
): Service {
  const what = `${source} "${nameOf(object)}"`;
  const attachment = waypoints.ofService(object.metadata);
  const { waypoint, problem } = attachment;
  if (problem !== undefined) {
    warnings.push(sayProblem(what, attachment, problem));
  }
  if (waypoint === undefined) return service;
  const weighted = waypoints.weighted(object.metadata, waypoint);
  if (weighted.problem !== undefined) {
    warnings.push(sayProblem(what, {}, weighted.problem));
  }
  return {
    ...service,
    waypoint,
    weightedWaypoints: weighted.weightedWaypoints,
  };
}
