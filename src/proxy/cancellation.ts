import type { GiveUp } from "../net/dial.ts";

/** Why a connection is ended from our side. */
export type CancelReason = "policy" | "drain" | "pod-removed";

/** Ends one connection at whatever step it is in; the first reason counts. */
export class Cancellation implements GiveUp {
  #reason: CancelReason | undefined;
  #onCancel: (() => void) | undefined;

  get reason(): CancelReason | undefined {
    return this.#reason;
  }

  get aborted(): boolean {
    return this.#reason !== undefined;
  }

  /** Says what a cancel has to end now; replaces what was said before. */
  during(onCancel: () => void): void {
    this.#onCancel = onCancel;
    if (this.#reason !== undefined) onCancel();
  }

  /** As {@link during}. */
  addEventListener(_type: "abort", onCancel: () => void): void {
    this.during(onCancel);
  }

  removeEventListener(_type: "abort", onCancel: () => void): void {
    if (this.#onCancel === onCancel) this.#onCancel = undefined;
  }

  cancel(reason: CancelReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#onCancel?.();
  }
}
