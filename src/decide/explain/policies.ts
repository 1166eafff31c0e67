/** What policies say, in words. */
import type { ApplicablePolicies } from "../../model/policy_index.ts";
import { authorize, type DryRunOutcome, type Verdict } from "../authorize.ts";
import type { CompiledPolicies, CompiledPolicy } from "../http/policies.ts";
import {
  type HttpPolicyInput,
  httpPolicySubject,
} from "../http/policy_match.ts";
import {
  type PolicyConnection,
  policyMatches,
  policySubject,
} from "../policy_match.ts";
import type { Trail } from "./trail.ts";

/** Asks the policies of a pod, and notes each with whether it matches. */
export function notePolicies(
  trail: Trail,
  connection: PolicyConnection,
  applicable: ApplicablePolicies,
): Verdict {
  const subject = policySubject(connection);
  for (const policy of applicable.policies) {
    const { namespace, name, action, dryRun } = policy;
    const matches = policyMatches(policy, subject);
    noteOne(trail, { namespace, name, action, dryRun, matches });
  }
  for (const key of applicable.unknown) {
    trail.note("policy", `${key} is selected but not known yet`);
  }
  const verdict = authorize(connection, applicable);
  noteDryRun(trail, verdict.dryRun);
  return verdict;
}

/** The same for the layer 7 policies of a waypoint. */
export function noteHttpPolicies(
  trail: Trail,
  { custom, audit, deny, allow, dryRun }: CompiledPolicies,
  input: HttpPolicyInput,
): void {
  const subject = httpPolicySubject(input);
  const groups: (readonly CompiledPolicy[])[] = [
    ...[custom, audit, deny, allow, dryRun.deny, dryRun.allow],
  ];
  for (const { policy, hit } of groups.flat()) {
    const matches = hit(subject) !== undefined;
    noteOne(trail, { ...policy, matches });
  }
}

interface PolicyLine {
  readonly namespace: string;
  readonly name: string;
  readonly action: string;
  readonly dryRun: boolean;
  readonly matches: boolean;
}

function noteOne(trail: Trail, policy: PolicyLine): void {
  const { namespace, name, action, dryRun, matches } = policy;
  const what = `${action.toUpperCase()}${dryRun ? ", dry run" : ""}`;
  trail.note(
    "policy",
    `${namespace}/${name} (${what}) ${matches ? "matches" : "does not match"}`,
  );
}

export function noteDryRun(
  trail: Trail,
  outcomes: readonly DryRunOutcome[],
): void {
  for (const outcome of outcomes) {
    const says = outcome.kind === "no-allow"
      ? "no ALLOW policy would match"
      : `${outcome.by} would ${outcome.kind} it`;
    trail.note("dry run", says);
  }
}

/** Why a connection is allowed or not, for the end of a way. */
export function sayVerdict(verdict: Verdict): string {
  if (!verdict.allow) return verdict.because;
  return verdict.by === undefined
    ? "no ALLOW policy applies"
    : `allowed by ${verdict.by}`;
}
