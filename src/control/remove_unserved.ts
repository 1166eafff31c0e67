import { isServed, removeRedirect } from "../redirect/mod.ts";
import { closeFd, type Fd } from "../sys/libc.ts";
import { netnsId, openNetns, ownNetnsId } from "../sys/netns.ts";
import { findPodNetns } from "./find_pod_netns.ts";
import type { NodePod } from "../kube/mod.ts";
import type { PodRulesFate } from "./leftovers.ts";

/**
 * Removes a pod's own rules, unless somebody listens where they lead. A pod
 * whose namespace is nowhere to be found has none that could be removed.
 *
 * @param procRoot Where the proc file system is mounted.
 * @throws {HairpinError} when they may still be there.
 */
export async function removeUnserved(
  pod: NodePod,
  procRoot: string,
): Promise<PodRulesFate> {
  const netns = openPod(pod, procRoot);
  if (netns === undefined) return "none";
  try {
    if (netnsId(netns) === ownNetnsId()) return "none";
    if (isServed(netns)) return "served";
    return await removeRedirect({ netns }) ? "removed" : "none";
  } finally {
    closeFd(netns);
  }
}

function openPod(
  { uid, ips, netnsPath }: NodePod,
  procRoot: string,
): Fd | undefined {
  if (netnsPath !== "") return openNetns(netnsPath);
  return findPodNetns(new Map([[uid, ips]]), procRoot).get(uid);
}
