import type { Config } from "../config/mod.ts";
import type { MeshStore } from "../control/mesh_store.ts";
import { otherNetnsOwner } from "../decide/netns_owner.ts";
import { parseIp } from "../model/address.ts";
import { netnsAddresses } from "../sys/netns.ts";
import type { FindOtherOwner } from "../worker/pod_manager.ts";

/** Compares a namespace's addresses with what the mesh says of them now. */
export const findOtherOwner = (
  { mesh }: Pick<MeshStore, "mesh">,
  { network, nodeName }: Pick<Config, "network" | "nodeName">,
): FindOtherOwner =>
(pod, netns) => {
  const addresses = netnsAddresses(netns).map(parseIp)
    .filter((ip) => ip !== undefined);
  const here = { network, node: nodeName };
  const owner = otherNetnsOwner(pod, addresses, mesh, here);
  return owner && `${owner.namespace}/${owner.name}`;
};
