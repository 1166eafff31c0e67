import { messageOf } from "../../base/errors.ts";
import {
  decidePod,
  endBypasses,
  type KubeObject,
  parseObject,
} from "../../kube/mod.ts";
import { CNI_CODES, CniError, type PodName } from "../../wire/cni/mod.ts";
import { KubeClient, readKubeconfig } from "../kube_api/mod.ts";
import { readConfigText } from "../read_files.ts";
import { systemClock } from "../system_clock.ts";
import { ISTIO_TIMEOUT_MS } from "./limits.ts";

/**
 * Whether a pod is to be captured, by the labels that the Kubernetes API has of
 * it and of its namespace.
 *
 * @param kubeconfig Path of the file that says how the API is reached.
 * @throws {CniError} when that cannot be known.
 */
export async function isEnrolledByApi(
  kubeconfig: string,
  pod: PodName,
  excludedNamespaces: readonly string[],
): Promise<boolean> {
  try {
    const read = await readPod(kubeconfig, pod);
    const { objects } = endBypasses(read, systemClock.nowMs());
    const decision = decidePod(objects, pod, { excludedNamespaces });
    if (decision.kind === "unknown") throw new Error("it is not there");
    return decision.kind === "enrol";
  } catch (reason) {
    throw new CniError(
      CNI_CODES.tryAgainLater,
      `Cannot look pod "${pod.namespace}/${pod.name}" up: ${messageOf(reason)}`,
    );
  }
}

async function readPod(
  kubeconfig: string,
  { namespace, name }: PodName,
): Promise<readonly KubeObject[]> {
  const access = readKubeconfig(await readConfigText(kubeconfig), kubeconfig);
  using client = new KubeClient({ access, clock: systemClock });
  const signal = AbortSignal.timeout(ISTIO_TIMEOUT_MS);
  const base = `/api/v1/namespaces/${encodeURIComponent(namespace)}`;
  const get = (resource: string, path: string) =>
    client.json({ verb: "get", resource, path }, signal);
  const answers = await Promise.all([
    get("namespaces", base),
    get("pods", `${base}/pods/${encodeURIComponent(name)}`),
  ]);
  return answers.map(readObject);
}

function readObject(raw: unknown): KubeObject {
  const parsed = parseObject(raw);
  if (parsed.kind === "object") return parsed.object;
  throw new Error(`the API server's answer is ${parsed.kind}`);
}
