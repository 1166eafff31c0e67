/** PeerAuthentication and RequestAuthentication, closed as AuthorizationPolicy is. */
import * as v from "valibot";
import {
  hasOneKindOfTarget,
  MANY_KINDS_OF_TARGET,
  targetRef,
  targetRefs,
  workloadSelector,
} from "./authorization.ts";
import {
  closed,
  filled,
  flag,
  mapOf,
  oneOf,
  parsed,
  someOf,
  text,
} from "./fields.ts";

const mutualTls = closed({
  mode: v.optional(oneOf("UNSET", "DISABLE", "PERMISSIVE", "STRICT"), "UNSET"),
});

const portLevelMtls = v.pipe(
  mapOf(mutualTls),
  v.check((ports) => Object.keys(ports).length > 0, "has no port"),
  v.check(
    (ports) => Object.keys(ports).every(isPort),
    "has a key that is not a port (1 to 65535)",
  ),
);

const isPort = (key: string): boolean =>
  /^[1-9]\d{0,4}$/.test(key) && Number(key) <= 65_535;

export const peerAuthenticationSpec = v.pipe(
  closed({
    selector: v.exactOptional(workloadSelector),
    mtls: v.exactOptional(mutualTls),
    portLevelMtls: v.exactOptional(portLevelMtls),
  }),
  v.check(
    ({ selector, portLevelMtls }) =>
      portLevelMtls === undefined ||
      Object.keys(selector?.matchLabels ?? {}).length > 0,
    "has portLevelMtls without a selector",
  ),
);

const httpUrl = parsed(
  (value) => /^https?:\/\/[^/]+/.test(value) ? value : undefined,
  "is not an http or https URL",
);

const duration = parsed(
  (value) => /^(\d+(\.\d+)?(h|m|s|ms))+$/.test(value) ? value : undefined,
  'is not a duration such as "5s"',
);

const jwtRule = v.pipe(
  closed({
    issuer: v.optional(text, ""),
    audiences: someOf(filled),
    jwksUri: v.exactOptional(httpUrl),
    jwks_uri: v.exactOptional(httpUrl),
    jwks: v.exactOptional(filled),
    fromHeaders: someOf(
      closed({ name: filled, prefix: v.exactOptional(text) }),
    ),
    fromParams: someOf(filled),
    fromCookies: someOf(filled),
    outputPayloadToHeader: v.exactOptional(text),
    forwardOriginalToken: v.optional(flag, false),
    outputClaimToHeaders: someOf(closed({ header: filled, claim: filled })),
    timeout: v.exactOptional(duration),
    spaceDelimitedClaims: someOf(filled),
  }),
  v.check(
    (rule) =>
      rule.issuer !== "" || (rule.jwksUri ?? rule.jwks_uri) !== undefined,
    "has neither issuer nor jwksUri",
  ),
  v.check(
    (rule) =>
      rule.jwks === undefined ||
      (rule.jwksUri ?? rule.jwks_uri) === undefined,
    "has both jwks and jwksUri",
  ),
);

export const requestAuthenticationSpec = v.pipe(
  closed({
    selector: v.exactOptional(workloadSelector),
    targetRef: v.exactOptional(targetRef),
    targetRefs,
    jwtRules: someOf(jwtRule),
  }),
  v.check((spec) => hasOneKindOfTarget(spec), MANY_KINDS_OF_TARGET),
);

export type PeerAuthenticationSpec = v.InferOutput<
  typeof peerAuthenticationSpec
>;
export type RequestAuthenticationSpec = v.InferOutput<
  typeof requestAuthenticationSpec
>;
export type JwtRule = v.InferOutput<typeof jwtRule>;
