/** Which external authorizer has to be asked about a request or a connection. */
import type { ExternalAuthorizer } from "../../model/external_authorizer.ts";
import { denialDetails } from "./denial_details.ts";
import type { CompiledPolicies, PolicyHit } from "./policies.ts";
import { type HttpPolicyInput, httpPolicySubject } from "./policy_match.ts";

export type CustomVerdict =
  /** No CUSTOM policy has more to say. */
  | { readonly kind: "pass" }
  /** The policy cannot be carried out, so that nothing it matches may pass. */
  | {
    readonly kind: "deny";
    readonly by: PolicyHit;
    readonly details: string;
  }
  | {
    readonly kind: "ask";
    readonly authorizer: ExternalAuthorizer;
    readonly by: PolicyHit;
    /** What comes after an answer that allows, about the input as the answer has changed it. */
    readonly proceed: (input: HttpPolicyInput) => CustomVerdict;
  };

/** Goes through the CUSTOM policies; each provider is asked once at most. */
export function checkCustom(
  compiled: CompiledPolicies,
  input: HttpPolicyInput,
): CustomVerdict {
  return check(compiled, input, new Set());
}

function check(
  compiled: CompiledPolicies,
  input: HttpPolicyInput,
  asked: ReadonlySet<string>,
): CustomVerdict {
  const subject = httpPolicySubject(input);
  for (const { policy, hit } of compiled.custom) {
    if (asked.has(policy.provider)) continue;
    const by = hit(subject);
    if (by === undefined) continue;
    const { authorizer, provider } = policy;
    if (authorizer === undefined || compiled.hasRivalProviders) {
      const details = denialDetails(by, "-deny-due-to-bad-CUSTOM-action");
      return { kind: "deny", by, details };
    }
    const proceed = (changed: HttpPolicyInput) =>
      check(compiled, changed, new Set([...asked, provider]));
    return { kind: "ask", authorizer, by, proceed };
  }
  return { kind: "pass" };
}
