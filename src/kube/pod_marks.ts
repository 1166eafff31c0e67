import { REDIRECTION_ANNOTATION } from "./annotations.ts";
import { isEnrolled, isTerminal } from "./enrolment.ts";
import { MeshObjects } from "./mesh_objects.ts";
import type { KubeObject } from "./objects.ts";
import { podIps } from "./pods.ts";
import { DEFAULT_SETTINGS, type MeshSettings } from "./settings.ts";

/** What labels want of a pod, and what its annotation says has become of that. */
export interface PodMark {
  readonly namespace: string;
  readonly name: string;
  /** By its labels, and its namespace's. */
  readonly wanted: boolean;
  /** Value of `ambient.istio.io/redirection`. */
  readonly mark: string | undefined;
}

/** Pods of a node that are wanted or marked; none that has not started, or ends. */
export function podMarks(
  kubeObjects: readonly KubeObject[],
  nodeName: string,
  options: Partial<MeshSettings> = {},
): readonly PodMark[] {
  const settings = { ...DEFAULT_SETTINGS, ...options };
  const objects = new MeshObjects(kubeObjects);
  const running = objects.all("Pod").filter((pod) =>
    pod.spec.nodeName === nodeName && !isTerminal(pod) &&
    pod.metadata.deletionTimestamp === undefined && podIps(pod).length > 0
  );
  return running.map((pod) => ({
    namespace: pod.metadata.namespace,
    name: pod.metadata.name,
    wanted: isEnrolled(pod, objects, settings),
    mark: pod.metadata.annotations[REDIRECTION_ANNOTATION],
  })).filter(({ wanted, mark }) => wanted || mark !== undefined);
}
