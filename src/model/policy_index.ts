import { MultiMap } from "./multi_map.ts";
import type { Policy } from "./policy.ts";
import type { PolicyKey, Workload } from "./workload.ts";

/** The policies that decide on connections to one workload. */
export interface ApplicablePolicies {
  /** Of its namespace, then of the mesh, then those that select it. */
  readonly policies: readonly Policy[];
  /**
   * Policies that select the workload but have not arrived. What they would
   * say cannot be known, so a caller must not admit anyone.
   */
  readonly unknown: readonly PolicyKey[];
}

/** Every policy of the mesh, by key and by what it applies to. */
export class PolicyIndex {
  readonly #byKey = new Map<PolicyKey, Policy>();
  readonly #byNamespace = new MultiMap<string, Policy>();
  readonly #global = new Set<Policy>();

  get byKey(): ReadonlyMap<PolicyKey, Policy> {
    return this.#byKey;
  }

  /** Adds a policy, or replaces the one of the same key, also when its scope changed. */
  put(policy: Policy): void {
    this.delete(policy.key);
    this.#byKey.set(policy.key, policy);
    if (policy.scope === "Global") this.#global.add(policy);
    if (policy.scope === "Namespace") {
      this.#byNamespace.add(policy.namespace, policy);
    }
  }

  delete(key: PolicyKey): void {
    const policy = this.#byKey.get(key);
    if (policy === undefined) return;
    this.#byKey.delete(key);
    this.#global.delete(policy);
    this.#byNamespace.delete(policy.namespace, policy);
  }

  applicableTo(workload: Workload): ApplicablePolicies {
    const policies = [
      ...this.#byNamespace.get(workload.namespace),
      ...this.#global,
    ];
    const unknown: PolicyKey[] = [];
    for (const key of workload.authorizationPolicies) {
      const policy = this.#byKey.get(key);
      if (policy === undefined) unknown.push(key);
      else policies.push(policy);
    }
    return { policies, unknown };
  }
}
