import type { Ip } from "../model/address.ts";
import type { Fd } from "../sys/libc.ts";

/** A pod to serve. */
export interface PodOrder {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /**
   * Its network namespace; the host owns the descriptor from the call on.
   * undefined: the one that this process runs in.
   */
  readonly netns: Fd | undefined;
  /**
   * Its addresses, where it shares listeners, and the namespace that they are
   * in, with other pods. Default: it has listeners of its own.
   */
  readonly ips?: readonly Ip[];
}

/** Whoever serves pods: what an enroller needs of it, and no more. */
export interface PodHost {
  /**
   * Serves a pod; returns when all its listeners are open. The same uid in the
   * same namespace changes nothing, in another one it is replaced.
   *
   * @throws {HairpinError} when it cannot be served; nothing of it is left then.
   */
  add(pod: PodOrder): Promise<void>;
  /** Ends a pod at once; harmless when it is not served. */
  remove(uid: string): Promise<void>;
  /** Pods that are served now, by uid. */
  running(): string[];
}
