import type { KubeSource } from "../config/mod.ts";
import {
  inClusterAccess,
  KubeClient,
  readKubeconfig,
} from "../control/kube_api/mod.ts";
import { readConfigText } from "../control/read_files.ts";
import { systemClock } from "../control/system_clock.ts";

/**
 * Reads how the API is reached; asks it nothing yet.
 *
 * @throws {HairpinError} when a file cannot be read or used.
 */
export async function openKubeClient(kube: KubeSource): Promise<KubeClient> {
  const access = kube.kind === "in-cluster"
    ? inClusterAccess(kube.server)
    : readKubeconfig(await readConfigText(kube.path), kube.path);
  const client = new KubeClient({ access, clock: systemClock });
  await client.prepare();
  return client;
}
