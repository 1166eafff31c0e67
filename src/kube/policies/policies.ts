/** AuthorizationPolicies as L4 policies. */
import type { Policy } from "../../model/policy.ts";
import { DRY_RUN_ANNOTATION, parseFlag } from "../annotations.ts";
import { type AuthorizationPolicyObject, nameOf } from "../objects.ts";
import { convertRule } from "./rules.ts";
import type { Labels } from "../selectors.ts";
import type { MeshSettings } from "../settings.ts";

export interface ConvertedPolicy {
  readonly policy: Policy;
  /** Labels of the workloads that it is for; undefined when it applies by scope. */
  readonly selector: Labels | undefined;
  /** Fields that a rule names and L4 cannot see, by the rule's position. */
  readonly unseen: ReadonlyMap<number, readonly string[]>;
}

/** Whether the policy is for node proxies, and not for a waypoint alone. */
export function isForL4({ spec }: AuthorizationPolicyObject): boolean {
  return spec.targetRef === undefined && spec.targetRefs.length === 0;
}

/**
 * What a node proxy enforces of a policy without target.
 *
 * A rule with fields of layer 7 fails closed both ways: an ALLOW rule is left
 * out, and the policy's existence denies; a DENY rule keeps what L4 can see of
 * it, and denies all of that.
 *
 * @returns undefined for AUDIT and CUSTOM, which L4 cannot do.
 */
export function convertAuthorizationPolicy(
  object: AuthorizationPolicyObject,
  settings: Pick<MeshSettings, "rootNamespace" | "trustDomain">,
): ConvertedPolicy | undefined {
  const { spec, metadata } = object;
  if (spec.action !== "ALLOW" && spec.action !== "DENY") return undefined;
  const action = spec.action === "ALLOW" ? "Allow" : "Deny";
  const converted = (spec.rules ?? []).map((rule) =>
    convertRule(rule, action, {
      namespace: metadata.namespace,
      trustDomain: settings.trustDomain,
    })
  );
  const selector = selectorOf(spec.selector?.matchLabels);
  return {
    policy: {
      key: nameOf(object),
      name: metadata.name,
      namespace: metadata.namespace,
      scope: scopeOf(metadata.namespace, selector, settings),
      action,
      dryRun: parseFlag(metadata.annotations[DRY_RUN_ANNOTATION] ?? "") ??
        false,
      rules: converted.flatMap(({ rules }) => rules),
    },
    selector,
    unseen: new Map(
      converted.map(({ unseen }, index) => [index, unseen] as const)
        .filter(([, unseen]) => unseen.length > 0),
    ),
  };
}

/** A selector without labels selects every workload: the same as none. */
export function selectorOf(
  matchLabels: Labels | undefined,
): Labels | undefined {
  return matchLabels !== undefined && Object.keys(matchLabels).length > 0
    ? matchLabels
    : undefined;
}

function scopeOf(
  namespace: string,
  selector: Labels | undefined,
  { rootNamespace }: Pick<MeshSettings, "rootNamespace">,
): Policy["scope"] {
  if (selector !== undefined) return "WorkloadSelector";
  return namespace === rootNamespace ? "Global" : "Namespace";
}
