import type { Ip } from "../model/address.ts";
import type { MeshReader } from "../model/mesh_state.ts";
import type { Workload } from "../model/workload.ts";

/** A pod as whoever hands its network namespace over names it. */
export interface NamedPod {
  readonly name: string;
  readonly namespace: string;
}

/**
 * The pod of this node that a network namespace turns out to be, when that is
 * not the one named: it would carry the other's traffic under the named one's
 * identity. Only what the mesh says for certain counts: an address that another
 * pod has, and none that the named one has. A pod that the mesh does not know
 * yet has nothing against it, nor has an address that is nobody's, such as one
 * on a second network.
 *
 * @param addresses Those in the namespace.
 */
export function otherNetnsOwner(
  pod: NamedPod,
  addresses: readonly Ip[],
  mesh: Pick<MeshReader, "workloadByIp">,
  here: { readonly network: string; readonly node: string },
): Workload | undefined {
  const owners = addresses.map((ip) => mesh.workloadByIp(here.network, ip))
    .filter((owner) => owner !== undefined && isPodOf(owner, here.node));
  const isNamed = (owner?: Workload) =>
    owner?.name === pod.name && owner.namespace === pod.namespace;
  return owners.some(isNamed) ? undefined : owners[0];
}

const isPodOf = ({ uid, node }: Workload, here: string): boolean =>
  node === here && uid.includes("//Pod/");
