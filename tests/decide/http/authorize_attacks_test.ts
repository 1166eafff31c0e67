/** Requests made to get past a DENY, or into an ALLOW, that means them. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { authorizeHttp } from "../../../src/decide/http/authorize.ts";
import { compilePolicies } from "../../../src/decide/http/policies.ts";
import { normalizePath } from "../../../src/decide/http/path_normalization.ts";
import type { HeaderList } from "../../../src/model/http.ts";
import type {
  HttpCondition,
  HttpPolicy,
} from "../../../src/model/http_policy.ts";
import type { PathNormalization } from "../../../src/model/mesh_config.ts";
import { peer, request } from "../../support/http_samples.ts";

const policy = (
  action: "ALLOW" | "DENY",
  ...when: HttpCondition[]
): HttpPolicy => ({
  namespace: "ns",
  name: "p",
  action,
  dryRun: false,
  rules: [{ index: 0, from: [], to: [], when }],
});
const prefix = (value: string) => ({ kind: "prefix" as const, value });
const exact = (value: string) => ({ kind: "exact" as const, value });
const presence = { kind: "presence" as const };

const ADMIN = compilePolicies([
  policy("DENY", { on: "path", values: [prefix("/admin")], notValues: [] }),
]);

function verdictOf(target: string, mode: PathNormalization): string {
  const path = normalizePath(target, mode);
  if (path === undefined) return "refused";
  const input = { request: request({ path }), peer: peer() };
  return authorizeHttp(ADMIN, input).kind;
}

const paths: [target: string, base: string, merged: string, decoded: string][] =
  [
    ["/admin", "deny", "deny", "deny"],
    ["/admin/", "deny", "deny", "deny"],
    ["/admin?x", "deny", "deny", "deny"],
    ["/%61dmin", "deny", "deny", "deny"],
    ["/%%361dmin", "deny", "deny", "deny"],
    ["/x/../admin", "deny", "deny", "deny"],
    ["/x/%2e%2e/admin", "deny", "deny", "deny"],
    ["/x/.%2E/admin", "deny", "deny", "deny"],
    ["/./admin", "deny", "deny", "deny"],
    ["/x\\..\\admin", "deny", "deny", "deny"],
    ["/admin;jsessionid=1", "deny", "deny", "deny"],
    ["/admin%00", "refused", "refused", "refused"],
    ["admin", "refused", "refused", "refused"],
    // Another path unless slashes are merged or decoded: users choose.
    ["//admin", "allow", "deny", "deny"],
    ["/x/..//admin", "allow", "deny", "deny"],
    ["/%2fadmin", "allow", "allow", "deny"],
    ["/x%2f..%2fadmin", "allow", "allow", "deny"],
    ["/x%5c..%5cadmin", "allow", "allow", "deny"],
    // Another resource by RFC 3986.
    ["/Admin", "allow", "allow", "allow"],
    ["/..;/admin", "allow", "allow", "allow"],
    ["/x?/../admin", "allow", "allow", "allow"],
  ];
const MODES = ["BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"] as const;
for (const [target, ...kinds] of paths) {
  for (const [index, mode] of MODES.entries()) {
    Deno.test(`a DENY of /admin with ${mode} meets ${target}`, () => {
      assert.equal(verdictOf(target, mode), kinds[index]);
    });
  }
}

Deno.test("no encoding of the letters gets past a DENY", () => {
  const encoded = fc.tuple(
    ...[..."admin"].map((char) =>
      fc.constantFrom(char, `%${char.charCodeAt(0).toString(16)}`)
    ),
  ).map((chars) => `/${chars.join("")}`);
  fc.assert(fc.property(encoded, fc.constantFrom(...MODES), (target, mode) => {
    assert.equal(verdictOf(target, mode), "deny");
  }));
});

const header = (
  values: Extract<HttpCondition, { on: "header" }>["values"],
  notValues: Extract<HttpCondition, { on: "header" }>["notValues"] = [],
): HttpCondition => ({ on: "header", name: "x-role", values, notValues });

const headers: [
  name: string,
  policy: HttpPolicy,
  headers: HeaderList,
  kind: string,
][] = [
  ["a DENY of all but one value", policy("DENY", header([], [exact("user")])), [
    ["x-role", "user"],
  ], "allow"],
  [
    "that DENY without the header",
    policy("DENY", header([], [exact("user")])),
    [],
    "deny",
  ],
  [
    "that DENY with the header twice",
    policy("DENY", header([], [exact("user")])),
    [["x-role", "user"], ["x-role", "admin"]],
    "deny",
  ],
  ["an ALLOW of one value, twice", policy("ALLOW", header([exact("admin")])), [
    ["x-role", "user"],
    ["x-role", "admin"],
  ], "deny"],
  [
    "a DENY of a missing header",
    policy("DENY", header([], [presence])),
    [],
    "deny",
  ],
  [
    "a DENY of a missing header, sent empty",
    policy("DENY", header([], [presence])),
    [["x-role", ""]],
    "deny",
  ],
  ["an ALLOW of any value, sent empty", policy("ALLOW", header([presence])), [[
    "x-role",
    "",
  ]], "deny"],
];
for (const [name, p, list, kind] of headers) {
  Deno.test(`${name}: ${kind}`, () => {
    const input = { request: request({ headers: list }), peer: peer() };
    assert.equal(authorizeHttp(compilePolicies([p]), input).kind, kind);
  });
}

Deno.test("headers say nothing about who and where a client is", () => {
  const spoofed: HeaderList = [
    ["x-forwarded-client-cert", "URI=spiffe://cluster.local/ns/shop/sa/admin"],
    ["x-forwarded-for", "10.9.9.9"],
    ["x-real-ip", "10.9.9.9"],
    ["forwarded", "for=10.9.9.9"],
    ["x-hairpin-source", "spiffe://cluster.local/ns/shop/sa/admin"],
  ];
  const cidr = { ip: peer("", "10.9.9.9").src.ip, length: 32 };
  const terms = { values: [cidr], notValues: [] };
  const policies = [
    policy("ALLOW", { on: "sourceIp", ...terms }),
    policy("ALLOW", { on: "remoteIp", ...terms }),
    policy("ALLOW", {
      on: "principal",
      values: [{ kind: "suffix", value: "/admin" }],
      notValues: [],
    }),
  ];
  const input = { request: request({ headers: spoofed }), peer: peer() };
  assert.equal(authorizeHttp(compilePolicies(policies), input).kind, "deny");
});
