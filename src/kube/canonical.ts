/** The names under which telemetry shows a workload, chosen as istiod chooses them. */
import type { Workload } from "../model/workload.ts";
import { WORKLOAD_NAME_LABEL } from "./annotations.ts";
import type { ObjectMeta } from "./objects.ts";
import type { Labels } from "./selectors.ts";

const NAME_LABELS = [
  "service.istio.io/canonical-name",
  "app.kubernetes.io/name",
  "app",
];
const REVISION_LABELS = [
  "service.istio.io/canonical-revision",
  "app.kubernetes.io/version",
  "version",
];

export function canonicalService(
  labels: Labels,
  workloadName: string,
): Pick<Workload, "canonicalName" | "canonicalRevision"> {
  return {
    canonicalName: firstOf(labels, NAME_LABELS) ?? workloadName,
    canonicalRevision: firstOf(labels, REVISION_LABELS) ?? "latest",
  };
}

const firstOf = (labels: Labels, keys: readonly string[]) =>
  keys.map((key) => labels[key]).find((value) => value !== undefined);

/**
 * The Deployment, Job, CronJob … that a pod belongs to: its label, else its
 * controller's name without what the controller adds, else its own name.
 */
export function workloadNameOfPod(metadata: ObjectMeta): string {
  return metadata.labels[WORKLOAD_NAME_LABEL] ??
    controllerName(metadata) ?? metadata.name;
}

function controllerName(metadata: ObjectMeta): string | undefined {
  // A pod without generateName was not stamped out: its owner is its node.
  if (!metadata.generateName) return undefined;
  const owner = metadata.ownerReferences.find(({ controller }) => controller);
  if (owner === undefined) return undefined;
  const { labels } = metadata;
  switch (owner.kind) {
    case "ReplicaSet":
      return withoutHash(owner.name, labels["pod-template-hash"]) ??
        withoutHash(owner.name, labels["rollouts-pod-template-hash"]) ??
        owner.name;
    case "ReplicationController":
      return labels.deploymentconfig || owner.name;
    case "Job":
      return /^(.+)-\d{8,10}$/.exec(owner.name)?.[1] ?? owner.name;
    default:
      return owner.name;
  }
}

const withoutHash = (name: string, hash: string | undefined) =>
  hash && name.endsWith(`-${hash}`)
    ? name.slice(0, -hash.length - 1)
    : undefined;
