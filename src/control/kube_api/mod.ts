/** The Kubernetes API as a source of objects, and as a place for their statuses. */
export {
  type ClusterAccess,
  inClusterAccess,
  readSource,
  type TextSource,
} from "./cluster_access.ts";
export { readKubeconfig } from "./kubeconfig.ts";
export { type KubeApi, KubeClient, type KubeRequest } from "./client.ts";
export { KubeApiError } from "./errors.ts";
export {
  followKubeApi,
  type FollowOptions,
  type KubeApiCounters,
  type KubeFollowing,
} from "./follow.ts";
export { Gather } from "./gather.ts";
export { WATCH_GRACE_MS, WATCH_SECONDS_MAX } from "./limits.ts";
export { listAll, type Scope } from "./list.ts";
export { type RawObject, readEvent } from "./messages.ts";
export { retryDelayMs } from "./backoff.ts";
export { type KubeResource, pathOf, RESOURCES, titleOf } from "./resources.ts";
export { StatusWriter, type StatusWriterOptions } from "./status_writer.ts";
export type { StatusRecord } from "./status_record.ts";
