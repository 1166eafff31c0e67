import type { NamespacedName } from "../config/mod.ts";
import { type KubeObject, podsOfGateway } from "../kube/mod.ts";
import type { Ip } from "../model/address.ts";

/** The pod that this process is. */
export interface OwnPod {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** The Gateway's pod whose address is one of this machine's. */
export const findOwnPod = (
  objects: readonly KubeObject[],
  gateway: NamespacedName,
  local: ReadonlySet<Ip>,
): OwnPod | undefined =>
  podsOfGateway(objects, gateway).find(({ ips }) =>
    ips.some((ip) => local.has(ip))
  );
