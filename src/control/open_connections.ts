/** Tells of the connections that pods had open when they were redirected. */
import type { NodePod } from "../kube/mod.ts";
import {
  countFates,
  describeOpenConnections,
  type OpenConnectionFate,
  type OpenConnections,
} from "../redirect/mod.ts";
import type { Logger } from "../telemetry/log.ts";

/** Connections of one pod that are logged one by one; the rest is counted. */
export const CONNECTIONS_LOGGED_MAX = 1_000;

export interface OpenConnectionsTellerOptions {
  readonly log: Logger;
  /** Adds to how many connections met a fate. */
  count(fate: OpenConnectionFate, connections: number): void;
  /** Writes an Event of the pod, where there is an API to write it to. */
  event?(pod: NodePod, message: string): void;
}

/** One log line, one Event and a count each time that there were any. */
export function tellOpenConnections(
  pod: NodePod,
  open: OpenConnections,
  { log, count, event }: OpenConnectionsTellerOptions,
): void {
  const message = describeOpenConnections(open);
  if (message === undefined) return;
  const { uid, name, namespace } = pod;
  const { connections, problem } = open;
  const counts = countFates(open);
  const fields = { uid, name, namespace, ...counts };
  if (problem === undefined) log.info("pod had connections open", fields);
  else log.warn("pod had connections open", { ...fields, error: problem });
  for (const connection of connections.slice(0, CONNECTIONS_LOGGED_MAX)) {
    log.debug("open connection", { uid, ...connection });
  }
  for (const [fate, connections] of Object.entries(counts)) {
    count(fate as OpenConnectionFate, connections);
  }
  event?.(pod, message);
}
