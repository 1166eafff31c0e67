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
export function findOwnPod(
  objects: readonly KubeObject[],
  gateway: NamespacedName,
  local: ReadonlySet<Ip>,
): OwnPod | undefined {
  const found = podsOfGateway(objects, gateway).find(({ ips }) =>
    ips.some((ip) => local.has(ip))
  );
  if (found === undefined) return undefined;
  // Not its addresses: with them a pod is one that is served beside others.
  const { uid, name, namespace, serviceAccount } = found;
  return { uid, name, namespace, serviceAccount };
}
