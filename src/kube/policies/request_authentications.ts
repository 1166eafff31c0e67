/** RequestAuthentications as a waypoint enforces them. */
import type { Attached } from "../../model/attached.ts";
import type {
  KeySource,
  RequestAuthentication,
  TokenPlace,
  TokenRule,
} from "../../model/request_authentication.ts";
import { goDurationMs } from "../duration.ts";
import { MeshObjects } from "../mesh_objects.ts";
import type { KubeObject, RequestAuthenticationObject } from "../objects.ts";
import { attachPolicies } from "./targets.ts";
import type { JwtRule } from "../schema/authentication.ts";
import { DEFAULT_SETTINGS, type MeshSettings } from "../settings.ts";

export interface RequestAuthentications {
  readonly attached: Attached<RequestAuthentication>;
  /** What a user would not expect, each on one line. */
  readonly warnings: readonly string[];
}

/**
 * The token rules that are attached to one waypoint, or to services.
 *
 * @param gateway `namespace/name` of the waypoint's Gateway.
 */
export function requestAuthentications(
  kubeObjects: readonly KubeObject[],
  gateway: string,
  options: Partial<MeshSettings> = {},
): RequestAuthentications {
  const settings = { ...DEFAULT_SETTINGS, ...options };
  const objects = new MeshObjects(kubeObjects);
  return attachPolicies(
    objects.all("RequestAuthentication"),
    { objects, gateway, settings },
    convert,
  );
}

const convert = (
  { metadata, spec }: RequestAuthenticationObject,
): RequestAuthentication => ({
  namespace: metadata.namespace,
  name: metadata.name,
  rules: spec.jwtRules.map(tokenRule),
});

/** Claims that are lists with spaces between, whatever a rule says. */
const SPACE_DELIMITED = ["scope", "permission"];

const tokenRule = (rule: JwtRule): TokenRule => ({
  issuer: rule.issuer,
  audiences: rule.audiences,
  keys: keySource(rule),
  places: places(rule),
  forwardOriginalToken: rule.forwardOriginalToken,
  payloadHeader: rule.outputPayloadToHeader?.toLowerCase() || undefined,
  claimHeaders: rule.outputClaimToHeaders.map(({ header, claim }) => ({
    header: header.toLowerCase(),
    claim: claim.split("."),
  })),
  spaceDelimitedClaims: [
    ...new Set([...SPACE_DELIMITED, ...rule.spaceDelimitedClaims]),
  ],
});

/** Default of Istio for a rule without `timeout`. */
const TIMEOUT_MS = 5_000;

function keySource(rule: JwtRule): KeySource {
  if (rule.jwks !== undefined) return { kind: "inline", jwks: rule.jwks };
  const timeoutMs = goDurationMs(rule.timeout ?? "") || TIMEOUT_MS;
  const uri = rule.jwksUri ?? rule.jwks_uri;
  return uri === undefined
    ? { kind: "issuer", issuer: rule.issuer, timeoutMs }
    : { kind: "uri", uri, timeoutMs };
}

/** The places that a rule names; only a rule that names none has the defaults. */
function places(rule: JwtRule): TokenPlace[] {
  const named: TokenPlace[] = [
    ...rule.fromHeaders.map(({ name, prefix }) => ({
      in: "header" as const,
      name: name.toLowerCase(),
      prefix: prefix ?? "",
    })),
    ...rule.fromParams.map((name) => ({ in: "param" as const, name })),
    ...rule.fromCookies.map((name) => ({ in: "cookie" as const, name })),
  ];
  return named.length > 0 ? named : [
    { in: "header", name: "authorization", prefix: "Bearer " },
    { in: "param", name: "access_token" },
  ];
}
