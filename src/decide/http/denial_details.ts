import type { PolicyHit } from "./policies.ts";

/**
 * What the access log says of a denial, in Istio's words.
 *
 * @param by undefined when no ALLOW policy matched.
 * @param suffix Follows the rule's name.
 */
export function denialDetails(by: PolicyHit | undefined, suffix = ""): string {
  const id = by === undefined
    ? "none"
    : `ns[${by.namespace}]-policy[${by.name}]-rule[${by.rule}]${suffix}`;
  return `rbac_access_denied_matched_policy[${id}]`;
}
