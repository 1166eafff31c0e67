import type { Policy } from "../model/policy.ts";
import type { ApplicablePolicies } from "../model/policy_index.ts";
import {
  type PolicyConnection,
  policyMatches,
  type PolicySubject,
  policySubject,
} from "./policy_match.ts";

/** What dry-run policies would have had to say; for the log and the metrics only. */
export type DryRunOutcome =
  /** A dry-run policy matched. */
  | { readonly kind: "deny" | "allow"; readonly by: string }
  /** Would be denied: dry-run ALLOW policies are all there are, and none matched. */
  | { readonly kind: "no-allow" };

export type Verdict =
  | {
    readonly allow: true;
    /** `namespace/name` of the policy that allowed it; undefined when there is no ALLOW policy. */
    readonly by: string | undefined;
    readonly dryRun: readonly DryRunOutcome[];
  }
  | {
    readonly allow: false;
    /** ztunnel's text, but for a policy that has not arrived, which ztunnel skips. */
    readonly because: string;
    /** The policy that decided; undefined when none of several ALLOW policies matched. */
    readonly by: string | undefined;
    readonly dryRun: readonly DryRunOutcome[];
  };

/**
 * Decides whether a workload accepts a connection.
 *
 * A DENY policy that matches decides; then any policy that should apply but is
 * not known; then, if there are ALLOW policies, one of them has to match.
 *
 * @param applicable The policies of the destination workload.
 */
export function authorize(
  connection: PolicyConnection,
  applicable: ApplicablePolicies,
): Verdict {
  const subject = policySubject(connection);
  const { policies, unknown } = applicable;
  const dryRun = dryRunDenials(policies, subject);
  const denied = policies.find((p) =>
    isEnforced(p, "Deny") && policyMatches(p, subject)
  );
  if (denied !== undefined) {
    const by = nameOf(denied);
    return { allow: false, because: `explicitly denied by: ${by}`, by, dryRun };
  }
  const [missing] = unknown;
  if (missing !== undefined) {
    const because = `policy not known yet: ${missing}`;
    return { allow: false, because, by: missing, dryRun };
  }
  return decideByAllow(policies, subject, dryRun);
}

function decideByAllow(
  policies: readonly Policy[],
  subject: PolicySubject,
  denials: readonly DryRunOutcome[],
): Verdict {
  const allowing = policies.filter((p) => isEnforced(p, "Allow"));
  const trial = dryRunAllowances(policies, subject, allowing.length > 0);
  const dryRun = [...denials, ...trial];
  if (allowing.length === 0) return { allow: true, by: undefined, dryRun };
  const allowed = allowing.find((p) => policyMatches(p, subject));
  if (allowed !== undefined) {
    return { allow: true, by: nameOf(allowed), dryRun };
  }
  const because = "allow policies exist, but none allowed";
  return { allow: false, because, by: undefined, dryRun };
}

function dryRunDenials(
  policies: readonly Policy[],
  subject: PolicySubject,
): DryRunOutcome[] {
  return policies
    .filter((p) => isTrial(p, "Deny") && policyMatches(p, subject))
    .map((p) => ({ kind: "deny", by: nameOf(p) }));
}

function dryRunAllowances(
  policies: readonly Policy[],
  subject: PolicySubject,
  isEnforcing: boolean,
): DryRunOutcome[] {
  const trials = policies.filter((p) => isTrial(p, "Allow"));
  const hits = trials.filter((p) => policyMatches(p, subject));
  if (trials.length > 0 && hits.length === 0 && !isEnforcing) {
    return [{ kind: "no-allow" }];
  }
  return hits.map((p) => ({ kind: "allow", by: nameOf(p) }));
}

const isEnforced = (policy: Policy, action: Policy["action"]): boolean =>
  !policy.dryRun && policy.action === action;

const isTrial = (policy: Policy, action: Policy["action"]): boolean =>
  policy.dryRun && policy.action === action;

const nameOf = (policy: Policy): string => `${policy.namespace}/${policy.name}`;
