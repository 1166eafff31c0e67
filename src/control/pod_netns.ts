/** Network namespaces of pods, held open for as long as their pods are known. */
import type { Ip } from "../model/address.ts";
import { closeFd, type Fd } from "../sys/libc.ts";
import { netnsId } from "../sys/netns.ts";

export interface HeldNetns {
  readonly netns: Fd;
  /** The sandbox that a container runtime made it for; undefined: found. */
  readonly containerId: string | undefined;
  /** What the pod is reached by, before the API says so. */
  readonly ips: readonly Ip[];
}

/**
 * One namespace a pod. The descriptor and not a path says which: the process
 * whose path it was found by may end, and its number go to somebody else.
 */
export class PodNetns implements Disposable {
  readonly #held = new Map<string, HeldNetns>();

  /** Takes the descriptor over; of the same namespace the one that is held stays. */
  hold(uid: string, held: HeldNetns): void {
    const before = this.#held.get(uid);
    if (before !== undefined && netnsId(before.netns) === netnsId(held.netns)) {
      closeFd(held.netns);
      this.#held.set(uid, { ...held, netns: before.netns });
      return;
    }
    this.#held.set(uid, held);
    if (before !== undefined) closeFd(before.netns);
  }

  get(uid: string): HeldNetns | undefined {
    return this.#held.get(uid);
  }

  /** Path that opens it, in this process. */
  pathOf(uid: string): string | undefined {
    const held = this.#held.get(uid);
    return held === undefined ? undefined : `/proc/self/fd/${held.netns}`;
  }

  release(uid: string): void {
    const held = this.#held.get(uid);
    if (held === undefined) return;
    this.#held.delete(uid);
    closeFd(held.netns);
  }

  /** Lets go of all pods that are not among these. */
  keep(uids: ReadonlySet<string>): void {
    for (const uid of [...this.#held.keys()]) {
      if (!uids.has(uid)) this.release(uid);
    }
  }

  /** The pod that a container runtime's sandbox is of. */
  uidOfContainer(containerId: string): string | undefined {
    for (const [uid, held] of this.#held) {
      if (held.containerId === containerId) return uid;
    }
    return undefined;
  }

  [Symbol.dispose](): void {
    this.keep(new Set());
  }
}
