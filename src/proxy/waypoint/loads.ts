/** What is under way in one worker, for retry budgets and balancing. */
import type { RetryLoad } from "../../decide/http/retry.ts";
import type { ServiceKey, WorkloadUid } from "../../model/workload.ts";

/** What goes to one service. */
export interface ServiceLoad extends RetryLoad {
  requests: number;
  retries: number;
  /** Endpoints chosen so far. */
  turns: number;
}

export class Loads {
  readonly #services = new Map<ServiceKey, ServiceLoad>();
  readonly #workloads = new Map<WorkloadUid, number>();

  /** @param service undefined for pods that are called by their own addresses. */
  of(service: ServiceKey | undefined): ServiceLoad {
    const key = service ?? "";
    const known = this.#services.get(key);
    if (known !== undefined) return known;
    const made = { requests: 0, retries: 0, turns: 0 };
    this.#services.set(key, made);
    return made;
  }

  /** Requests and connections in progress at a workload. */
  at(uid: WorkloadUid): number {
    return this.#workloads.get(uid) ?? 0;
  }

  /** Counts one at a workload until it is disposed of. */
  begin(uid: WorkloadUid): Disposable {
    this.#workloads.set(uid, this.at(uid) + 1);
    return { [Symbol.dispose]: () => this.#end(uid) };
  }

  #end(uid: WorkloadUid): void {
    const left = this.at(uid) - 1;
    if (left > 0) this.#workloads.set(uid, left);
    else this.#workloads.delete(uid);
  }
}
