import type { Config } from "../config/mod.ts";
import { formatIdentity } from "../model/identity.ts";
import type { Logger } from "../telemetry/log.ts";
import type { WorkerPool } from "../worker/worker_pool.ts";

/**
 * Opens the process's own end of tunnels, where it serves a node and knows
 * which pod it is: who collects metrics may reach it through the mesh then.
 *
 * @throws {WorkerError} when the listener cannot be opened.
 */
export async function serveOwnEndpoint(
  { mode, proxyMode, proxyEnabled, pod, trustDomain }: Config,
  workers: Pick<WorkerPool, "serve">,
  log: Logger,
): Promise<void> {
  const { name, namespace, serviceAccount } = pod;
  if (name === undefined || namespace === undefined) return;
  if (serviceAccount === undefined || !proxyEnabled) return;
  if (mode !== "node" || proxyMode !== "shared") return;
  const identity = formatIdentity({ trustDomain, namespace, serviceAccount });
  log.info(`creating ztunnel self-proxy listener with identity: ${identity}`);
  const uid = `own/${namespace}/${name}`;
  const info = { uid, name, namespace, serviceAccount, own: true } as const;
  await workers.serve(info, undefined);
}
