/** AuthorizationPolicies as a waypoint enforces them. */
import type { Attached } from "../../model/attached.ts";
import type { HttpPolicy } from "../../model/http_policy.ts";
import type { MeshConfig } from "../../model/mesh_config.ts";
import { DRY_RUN_ANNOTATION, parseFlag } from "../annotations.ts";
import { convertHttpRule, type HttpRuleContext } from "./http_rules.ts";
import { MeshObjects } from "../mesh_objects.ts";
import {
  type AuthorizationPolicyObject,
  type KubeObject,
  nameOf,
} from "../objects.ts";
import { attachPolicies } from "./targets.ts";
import { DEFAULT_SETTINGS, type MeshSettings } from "../settings.ts";

export interface HttpPolicies {
  readonly attached: Attached<HttpPolicy>;
  /** What a user would not expect, each on one line. */
  readonly warnings: readonly string[];
}

/**
 * The policies that are attached to one waypoint, or to services.
 *
 * A field that cannot be enforced fails closed: it takes the rule of an ALLOW
 * policy with it, and it falls out of the rule of any other, which then matches
 * more. Either is named in a warning.
 *
 * @param gateway `namespace/name` of the waypoint's Gateway.
 */
export function httpPolicies(
  kubeObjects: readonly KubeObject[],
  gateway: string,
  mesh: Pick<MeshConfig, "trustDomain" | "trustDomainAliases" | "authorizers">,
  options: Partial<MeshSettings> = {},
): HttpPolicies {
  const settings = { ...DEFAULT_SETTINGS, ...options };
  const objects = new MeshObjects(kubeObjects);
  const warnings: string[] = [];
  const result = attachPolicies(
    objects.all("AuthorizationPolicy"),
    { objects, gateway, settings },
    (object) => {
      const converted = convertPolicy(object, mesh, {
        namespace: object.metadata.namespace,
        trustDomains: [
          mesh.trustDomain ?? settings.trustDomain,
          ...mesh.trustDomainAliases,
        ],
      });
      warnings.push(...converted.warnings);
      return converted.policy;
    },
  );
  return {
    attached: result.attached,
    warnings: [...result.warnings, ...warnings],
  };
}

interface ConvertedHttpPolicy {
  readonly policy: HttpPolicy;
  readonly warnings: readonly string[];
}

function convertPolicy(
  object: AuthorizationPolicyObject,
  { authorizers }: Pick<MeshConfig, "authorizers">,
  context: HttpRuleContext,
): ConvertedHttpPolicy {
  const { metadata, spec } = object;
  const { action } = spec;
  const called = `AuthorizationPolicy "${nameOf(object)}"`;
  const converted = (spec.rules ?? []).map((rule, index) =>
    convertHttpRule(rule, index, action, context)
  );
  const common = {
    namespace: metadata.namespace,
    name: metadata.name,
    dryRun: parseFlag(metadata.annotations[DRY_RUN_ANNOTATION] ?? "") ?? false,
    rules: converted.flatMap(({ rule }) => rule === undefined ? [] : [rule]),
  };
  const warnings = converted.flatMap(({ problems }, index) =>
    problems.map(({ field, why }) =>
      `${called} rule ${index} has ${field} that cannot be enforced: ` +
      `${why}; ${EFFECTS[action]}`
    )
  );
  if (action === "DENY" && common.rules.length === 0) {
    warnings.push(`${called} denies nothing: it has no rules`);
  }
  if (common.dryRun && (action === "CUSTOM" || action === "AUDIT")) {
    warnings.push(`${called} does nothing: there is no dry run of ${action}`);
  }
  if (action !== "CUSTOM") return { policy: { ...common, action }, warnings };
  const provider = spec.provider?.name ?? "";
  const authorizer = Object.hasOwn(authorizers, provider)
    ? authorizers[provider]
    : undefined;
  if (authorizer === undefined) {
    warnings.push(
      `${called} denies all that it matches: there is no usable ` +
        `extension provider ${JSON.stringify(provider)}`,
    );
  }
  return { policy: { ...common, action, provider, authorizer }, warnings };
}

const WIDER = "the rule goes without it and";
const EFFECTS = {
  ALLOW: "the rule is left out, so that it allows nothing",
  DENY: `${WIDER} denies more`,
  AUDIT: `${WIDER} reports more`,
  CUSTOM: `${WIDER} asks the provider about more`,
} as const;
