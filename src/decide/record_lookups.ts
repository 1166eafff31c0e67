import type { Ip } from "../model/address.ts";
import type { Addressee, MeshReader } from "../model/mesh_state.ts";
import type { Service } from "../model/service.ts";
import type { ServiceKey, Workload } from "../model/workload.ts";

/** An address as the control plane names it. */
const addressName = (network: string, ip: Ip): string => `${network}/${ip}`;

/**
 * The mesh, which notes by the control plane's names what is looked up and is
 * not there: where the mesh is told on demand, that may be had for the asking.
 *
 * @param missed Takes the names.
 */
export function recordLookups(
  mesh: MeshReader,
  missed: Set<string>,
): MeshReader {
  const noting = <T>(name: string, found: T | undefined): T | undefined => {
    if (found === undefined) missed.add(name);
    return found;
  };
  const watched: Partial<MeshReader> = {
    workloadByIp: (network, ip): Workload | undefined =>
      noting(addressName(network, ip), mesh.workloadByIp(network, ip)),
    workloadByHostname: (namespace, hostname): Workload | undefined =>
      noting(
        `${namespace}/${hostname}`,
        mesh.workloadByHostname(namespace, hostname),
      ),
    serviceByKey: (key: ServiceKey): Service | undefined =>
      noting(key, mesh.serviceByKey(key)),
    serviceByVip: (network, ip, namespace): Service | undefined =>
      noting(
        addressName(network, ip),
        mesh.serviceByVip(network, ip, namespace),
      ),
    serviceByHostname(hostname, namespace): Service | undefined {
      const found = mesh.serviceByHostname(hostname, namespace);
      return namespace === undefined
        ? found
        : noting(`${namespace}/${hostname}`, found);
    },
    findAddress: (network, ip, namespace): Addressee | undefined =>
      noting(
        addressName(network, ip),
        mesh.findAddress(network, ip, namespace),
      ),
  };
  return new Proxy(mesh, {
    get(target, name) {
      const own = Reflect.get(watched, name);
      if (own !== undefined) return own;
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
