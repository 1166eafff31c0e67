import type { RetryLoad } from "../../decide/retry.ts";
import type { ServiceKey } from "../../model/workload.ts";

/** Requests in flight by service; what a retry budget is measured against. */
export class Loads {
  readonly #loads = new Map<
    ServiceKey,
    { requests: number; retries: number }
  >();

  /** @param service undefined for pods that are called by their own addresses. */
  of(service: ServiceKey | undefined): {
    -readonly [Key in keyof RetryLoad]: RetryLoad[Key];
  } {
    const key = service ?? "";
    const known = this.#loads.get(key) ?? { requests: 0, retries: 0 };
    this.#loads.set(key, known);
    return known;
  }
}
