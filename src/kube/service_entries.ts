/** ServiceEntries as WDS services, one for each host name. */
import { isIpv6 } from "../model/address.ts";
import { DEFAULT_SERVICE, type Service } from "../model/service.ts";
import { appProtocolOf, appProtocols } from "./app_protocol.ts";
import { closest, PASSTHROUGH } from "./load_balancer.ts";
import type { MeshObjects } from "./mesh_objects.ts";
import type { ServiceEntryObject } from "./objects.ts";
import type { ServiceInfo, ServicePort } from "./service_info.ts";
import { portMap } from "./services.ts";
import type { MeshSettings } from "./settings.ts";

export function serviceEntryInfos(
  object: ServiceEntryObject,
  objects: MeshObjects,
  settings: MeshSettings,
): ServiceInfo[] {
  const { metadata, spec } = object;
  const ports: ServicePort[] = spec.ports.map((
    { number, name, targetPort, protocol },
  ) => ({
    port: number,
    name,
    target: targetPort ?? number,
    protocol: appProtocolOf({
      port: number,
      name: protocol || name,
      transport: protocol.toUpperCase() === "UDP" ? "UDP" : "TCP",
    }),
  }));
  const loadBalancer = balancing(object, objects);
  return [...new Set(spec.hosts)].map((hostname) => ({
    service: {
      ...DEFAULT_SERVICE,
      name: metadata.name,
      namespace: metadata.namespace,
      hostname,
      ...addressesOf(object, hostname, settings.network),
      ports: portMap(ports),
      ...appProtocols(ports),
      subjectAltNames: spec.subjectAltNames,
      ...loadBalancer && { loadBalancer },
    },
    source: "ServiceEntry",
    object,
    selector: spec.workloadSelector?.labels ?? {},
    ports,
  }));
}

function balancing(object: ServiceEntryObject, objects: MeshObjects) {
  const { metadata, spec } = object;
  if (spec.resolution === "NONE") return PASSTHROUGH;
  const namespace = objects.namespace(metadata.namespace);
  return closest(
    undefined,
    metadata.annotations,
    namespace?.metadata.annotations ?? {},
  );
}

/** The addresses that are given, else those that an allocator wrote into the status for this host. */
function addressesOf(
  { spec, status, metadata }: ServiceEntryObject,
  hostname: string,
  network: string,
): Pick<Service, "vips" | "cidrVips"> {
  if (spec.addresses.length === 0) {
    const mayAllocate = spec.resolution !== "NONE" &&
      metadata.labels[AUTO_ALLOCATE_LABEL]?.toLowerCase() !== "false" &&
      (!hostname.startsWith("*") || spec.resolution === "DYNAMIC_DNS");
    const allocated = mayAllocate ? status.addresses : [];
    return {
      vips: allocated.filter(({ host }) => host === hostname)
        .map(({ value }) => ({ network, ip: value })),
      cidrVips: [],
    };
  }
  const single = ({ ip, length }: typeof spec.addresses[number]) =>
    length === (isIpv6(ip) ? 128 : 32);
  return {
    vips: spec.addresses.filter(single).map(({ ip }) => ({ network, ip })),
    cidrVips: spec.addresses.filter((cidr) => !single(cidr))
      .map((cidr) => ({ network, cidr })),
  };
}

const AUTO_ALLOCATE_LABEL = "networking.istio.io/enable-autoallocate-ip";
