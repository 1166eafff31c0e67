/** Whether this process stands where the node's own rules and routes are. */
import { ConfigError } from "../base/errors.ts";
import { netnsIdAt, ownNetnsId } from "../sys/netns.ts";

/** Where a process sees itself and its neighbours, whichever node's they are. */
const OWN_PROC = "/proc";

/**
 * Makes sure that rules for probes, or those that capture pods, come to be the
 * node's. Only who names the node's proc file system says which that is: else
 * the namespace that this process runs in is taken for it.
 *
 * @throws {ConfigError} when the node's first process is in another one.
 */
export function requireNodeNetns(
  { hostProc }: { readonly hostProc: string },
): void {
  if (hostProc === OWN_PROC) return;
  const path = `${hostProc.replace(/\/+$/, "")}/1/ns/net`;
  const node = netnsIdAt(path);
  if (node === undefined || node === ownNetnsId()) return;
  throw new ConfigError(
    `Cannot redirect this node's pods: hairpin runs in a network namespace of its own, not in that of "${path}"` +
      " (hint: hostNetwork: true)",
  );
}
