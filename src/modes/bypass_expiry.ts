import type { CancelTimer, Clock } from "../base/clock.ts";
import { endBypasses, type KubeObject } from "../kube/mod.ts";

/** Hands objects on as they are now, and again when a pod's bypass in them is over. */
export class BypassExpiry implements Disposable {
  readonly #clock: Clock;
  readonly #onObjects: (objects: readonly KubeObject[]) => void;
  #cancel: CancelTimer = () => {};

  constructor(
    clock: Clock,
    onObjects: (objects: readonly KubeObject[]) => void,
  ) {
    this.#clock = clock;
    this.#onObjects = onObjects;
  }

  /** @param given Everything that the sources say. */
  put(given: readonly KubeObject[]): void {
    this.#cancel();
    const nowMs = this.#clock.nowMs();
    const { objects, nextMs } = endBypasses(given, nowMs);
    if (nextMs !== undefined) {
      this.#cancel = this.#clock.setTimer(
        nextMs - nowMs,
        () => this.put(given),
      );
    }
    this.#onObjects(objects);
  }

  [Symbol.dispose](): void {
    this.#cancel();
  }
}
