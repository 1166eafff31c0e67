/** Between two tries of the pods that could not be served; as in ztunnel. */
export const PENDING_RETRY_MS = 5_000;

/** Pods of one node, served and pending; several times what Kubernetes allows. */
export const PODS_MAX = 4096;

/** First delay after a connection that failed, doubled to the longest; as in ztunnel. */
export const CONNECT_DELAY_MIN_MS = 20;
export const CONNECT_DELAY_MAX_MS = 15_000;

/** The same after a greeting that could not be sent; as in ztunnel. */
export const ANNOUNCE_DELAY_MIN_MS = 5;
export const ANNOUNCE_DELAY_MAX_MS = 15_000;

/** Share by which a delay after a failed greeting is moved up or down. */
export const ANNOUNCE_JITTER = 0.2;
