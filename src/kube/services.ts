/** Kubernetes Services as WDS services. */
import type { Ip } from "../model/address.ts";
import { DEFAULT_SERVICE, type Service } from "../model/service.ts";
import type { PortMap } from "../model/workload.ts";
import { appProtocolOf, appProtocols } from "./app_protocol.ts";
import { loadBalancerOf } from "./load_balancer.ts";
import { groupBy, type MeshObjects } from "./mesh_objects.ts";
import type { ServiceObject } from "./objects.ts";
import type { ServiceSpec } from "./schema/core.ts";
import type { ServiceInfo, ServicePort } from "./service_info.ts";
import type { MeshSettings } from "./settings.ts";

/** @returns undefined for an ExternalName, which is a matter of DNS alone. */
export function serviceInfo(
  object: ServiceObject,
  objects: MeshObjects,
  settings: MeshSettings,
): ServiceInfo | undefined {
  const { spec, metadata } = object;
  if (spec.type === "ExternalName") return undefined;
  const ports = portsOf(spec);
  const namespace = objects.namespace(metadata.namespace);
  const loadBalancer = loadBalancerOf(
    spec,
    metadata.annotations,
    namespace?.metadata.annotations ?? {},
  );
  const ipFamilies = ipFamiliesOf(spec);
  const service: Service = {
    ...DEFAULT_SERVICE,
    name: metadata.name,
    namespace: metadata.namespace,
    hostname:
      `${metadata.name}.${metadata.namespace}.svc.${settings.clusterDomain}`,
    vips: vipsOf(spec).map((ip) => ({ network: settings.network, ip })),
    ports: portMap(ports),
    ...appProtocols(ports),
    canonical: true,
    ...loadBalancer && { loadBalancer },
    ...ipFamilies && { ipFamilies },
  };
  return { service, source: "Service", object, selector: spec.selector, ports };
}

/** One entry a port number; where TCP and another protocol share one, TCP's. */
function portsOf(spec: ServiceSpec): ServicePort[] {
  const rank = (protocol: string) => protocol === "TCP" ? 1 : 0;
  const ordered = spec.ports.toSorted((a, b) =>
    rank(a.protocol) - rank(b.protocol)
  );
  const byNumber = new Map(
    ordered.map(({ port, name, targetPort, protocol, appProtocol }) => [
      port,
      {
        port,
        name,
        target: targetPort ?? port,
        protocol: appProtocolOf({
          port,
          name,
          transport: protocol,
          appProtocol,
        }),
      },
    ]),
  );
  return [...byNumber.values()];
}

/** Service port to target port, 0 where the target has a name. */
export function portMap(ports: readonly ServicePort[]): PortMap {
  return Object.fromEntries(
    ports.map(({ port, target }) => [
      port,
      typeof target === "number" ? target : 0,
    ]),
  );
}

function vipsOf({ clusterIPs, clusterIP }: ServiceSpec): Ip[] {
  const all = clusterIPs.length > 0 ? clusterIPs : [clusterIP ?? ""];
  return all.filter((text): text is Ip => text !== "" && text !== "None");
}

function ipFamiliesOf({ ipFamilies }: ServiceSpec): Service["ipFamilies"] {
  return ipFamilies.length === 2 ? "Dual" : ipFamilies[0];
}

/**
 * What is left when several objects describe one host name: in each namespace
 * the Kubernetes Service, else the oldest ServiceEntry; among the namespaces
 * one is canonical, again a Kubernetes Service before the oldest entry.
 */
export function withoutRivals(infos: readonly ServiceInfo[]): ServiceInfo[] {
  const byHost = groupBy(infos, ({ service }) => service.hostname);
  return [...byHost.values()].flatMap((sameHost) => {
    const byNamespace = groupBy(sameHost, ({ service }) => service.namespace);
    const kept = [...byNamespace.values()].map(best);
    const canonical = best(kept);
    return kept.map((info) =>
      info === canonical && !info.service.canonical
        ? { ...info, service: { ...info.service, canonical: true } }
        : info
    );
  });
}

function best(infos: readonly ServiceInfo[]): ServiceInfo {
  return infos.reduce((a, b) => {
    if (a.source !== b.source) return a.source === "Service" ? a : b;
    return ageKey(b) < ageKey(a) ? b : a;
  });
}

/** Sorts by age, then by name where objects carry no time. */
const ageKey = ({ object }: ServiceInfo): string =>
  `${
    object.metadata.creationTimestamp ?? ""
  } ${object.metadata.namespace}/${object.metadata.name}`;
