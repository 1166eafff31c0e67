import assert from "node:assert/strict";
import { requestAuthentications } from "../../../src/kube/policies/request_authentications.ts";
import type { TokenRule } from "../../../src/model/request_authentication.ts";
import { parsed, type Raw, raw } from "../objects.ts";

const TARGET = {
  group: "gateway.networking.k8s.io",
  kind: "Gateway",
  name: "waypoint",
};

const attached = (spec: Raw) =>
  requestAuthentications(
    parsed(
      raw("Gateway", "waypoint"),
      raw("RequestAuthentication", "jwt", { spec }),
    ),
    "shop/waypoint",
  ).attached;

function rule(fields: Raw): TokenRule {
  const jwtRules = [{ issuer: "https://i", ...fields }];
  const [only] = attached({ targetRefs: [TARGET], jwtRules }).gateway;
  assert.equal(only?.rules.length, 1);
  return only.rules[0]!;
}

Deno.test("requestAuthentications() counts targets alone", () => {
  const jwtRules = [{ issuer: "https://i" }];
  assert.deepEqual(attached({ jwtRules }).gateway, []);
  const selector = { matchLabels: { app: "web" } };
  assert.deepEqual(attached({ selector, jwtRules }).gateway, []);
  const service = { kind: "Service", name: "web" };
  const { services } = attached({ targetRefs: [service], jwtRules });
  assert.deepEqual(Object.keys(services), ["shop/web.shop.svc.cluster.local"]);
});

Deno.test("a token rule has Istio's defaults", () => {
  assert.deepEqual(rule({}), {
    issuer: "https://i",
    audiences: [],
    keys: { kind: "issuer", issuer: "https://i", timeoutMs: 5_000 },
    places: [
      { in: "header", name: "authorization", prefix: "Bearer " },
      { in: "param", name: "access_token" },
    ],
    forwardOriginalToken: false,
    payloadHeader: undefined,
    claimHeaders: [],
    spaceDelimitedClaims: ["scope", "permission"],
  });
});

Deno.test("a token rule is read whole", () => {
  const whole = rule({
    audiences: ["web"],
    jwksUri: "https://i/keys",
    timeout: "2s",
    fromHeaders: [{ name: "X-Token", prefix: "T " }, { name: "Y" }],
    fromParams: ["token"],
    fromCookies: ["session"],
    forwardOriginalToken: true,
    outputPayloadToHeader: "X-Payload",
    outputClaimToHeaders: [{ header: "X-Name", claim: "user.name" }],
    spaceDelimitedClaims: ["roles", "scope"],
  });
  assert.deepEqual(whole, {
    issuer: "https://i",
    audiences: ["web"],
    keys: { kind: "uri", uri: "https://i/keys", timeoutMs: 2_000 },
    places: [
      { in: "header", name: "x-token", prefix: "T " },
      { in: "header", name: "y", prefix: "" },
      { in: "param", name: "token" },
      { in: "cookie", name: "session" },
    ],
    forwardOriginalToken: true,
    payloadHeader: "x-payload",
    claimHeaders: [{ header: "x-name", claim: ["user", "name"] }],
    spaceDelimitedClaims: ["scope", "permission", "roles"],
  });
});

const places: [name: string, fields: Raw, kinds: string[]][] = [
  ["fromHeaders", { fromHeaders: [{ name: "x" }] }, ["header"]],
  ["fromParams", { fromParams: ["x"] }, ["param"]],
  ["fromCookies", { fromCookies: ["x"] }, ["cookie"]],
];
for (const [name, fields, kinds] of places) {
  Deno.test(`${name} replaces all default places`, () => {
    assert.deepEqual(rule(fields).places.map((place) => place.in), kinds);
  });
}

Deno.test("keys may be given inline, or by the older name of their URI", () => {
  assert.deepEqual(rule({ jwks: "{}" }).keys, { kind: "inline", jwks: "{}" });
  assert.deepEqual(rule({ jwks_uri: "http://k" }).keys, {
    kind: "uri",
    uri: "http://k",
    timeoutMs: 5_000,
  });
});
