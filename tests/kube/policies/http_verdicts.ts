/** From policies as a user writes them to what a waypoint does with a request. */
import { authorizeHttp } from "../../../src/decide/http/authorize.ts";
import { compilePolicies } from "../../../src/decide/http/policies.ts";
import type { HttpPolicyInput } from "../../../src/decide/http/policy_match.ts";
import { httpPolicies } from "../../../src/kube/policies/http_policies.ts";
import { attachedTo } from "../../../src/model/attached.ts";
import type { HttpPolicy } from "../../../src/model/http_policy.ts";
import {
  DEFAULT_MESH_CONFIG,
  type MeshConfig,
} from "../../../src/model/mesh_config.ts";
import { peer, request } from "../../support/http_samples.ts";
import { parsed, type Raw, raw } from "../objects.ts";

export const GATEWAY = "shop/waypoint";

export const GATEWAY_REF = {
  group: "gateway.networking.k8s.io",
  kind: "Gateway",
  name: "waypoint",
};

/** A policy for the whole waypoint. */
export const policy = (spec: Raw, name = "p", metadata: Raw = {}): Raw =>
  raw("AuthorizationPolicy", name, {
    metadata,
    spec: {
      targetRefs: [GATEWAY_REF],
      ...spec,
    },
  });

/** What the waypoint enforces for everything, and the warnings. */
export function translated(objects: Raw[], mesh: Partial<MeshConfig> = {}) {
  const { attached, warnings } = httpPolicies(
    parsed(raw("Gateway", "waypoint"), ...objects),
    GATEWAY,
    { ...DEFAULT_MESH_CONFIG, ...mesh },
  );
  return { policies: attachedTo(attached, undefined), warnings };
}

export type Input = Partial<HttpPolicyInput>;

/** Whether a request passes; `ask NAME` when a provider has to say so. */
export function verdict(
  policies: readonly HttpPolicy[],
  input: Input = {},
): string {
  const whole = { peer: peer(), ...input, request: input.request ?? request() };
  const result = authorizeHttp(compilePolicies(policies), whole);
  return result.kind === "ask" ? `ask ${result.authorizer.name}` : result.kind;
}

/** Whether one rule matches, as an ALLOW policy shows it. */
export const matches = (
  rule: Raw,
  input: Input = {},
  mesh: Partial<MeshConfig> = {},
): boolean =>
  verdict(translated([policy({ rules: [rule] })], mesh).policies, input) ===
    "allow";
