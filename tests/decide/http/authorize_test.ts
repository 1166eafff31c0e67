import assert from "node:assert/strict";
import { checkCustom } from "../../../src/decide/http/authorize_custom.ts";
import {
  authorizeHttp,
  authorizeRequest,
  authorizeTcp,
} from "../../../src/decide/http/authorize.ts";
import {
  type CompileOptions,
  compilePolicies,
} from "../../../src/decide/http/policies.ts";
import type {
  ExternalAuthorizer,
  GrpcAuthorizer,
} from "../../../src/model/external_authorizer.ts";
import type {
  HttpCondition,
  HttpPolicy,
  HttpRule,
} from "../../../src/model/http_policy.ts";
import { peer, request } from "../../support/http_samples.ts";

const rule = (...when: HttpCondition[]): HttpRule => ({
  index: 0,
  from: [],
  to: [],
  when,
});
const ANY = rule();
const exact = (value: string) => ({ kind: "exact" as const, value });
const GET = rule({ on: "method", values: [exact("GET")], notValues: [] });
const PUT = rule({ on: "method", values: [exact("PUT")], notValues: [] });
const NOT_GET = rule({ on: "method", values: [], notValues: [exact("GET")] });
const FROM_CLIENT: HttpCondition = {
  on: "principal",
  values: [exact("cluster.local/ns/shop/sa/client")],
  notValues: [],
};

const of = (
  action: "ALLOW" | "DENY" | "AUDIT",
  name: string,
  rules: HttpRule[],
  dryRun = false,
): HttpPolicy => ({ namespace: "ns", name, action, dryRun, rules });

const GRPC: GrpcAuthorizer = {
  protocol: "grpc",
  name: "auth",
  service: "auth.shop",
  port: 9000,
  timeoutMs: 1_000,
  failOpen: false,
  statusOnError: 403,
  clearRouteCache: false,
  body: undefined,
};
const HTTP: ExternalAuthorizer = {
  ...GRPC,
  protocol: "http",
  pathPrefix: "",
  requestHeaders: [],
  additionalHeaders: [],
  upstreamOnAllow: [],
  downstreamOnAllow: [],
  downstreamOnDeny: [],
};
const custom = (
  authorizer: ExternalAuthorizer | undefined,
  rules: HttpRule[] = [ANY],
  name = "custom",
  dryRun = false,
): HttpPolicy => ({
  namespace: "ns",
  name,
  action: "CUSTOM",
  dryRun,
  rules,
  provider: authorizer?.name ?? "none",
  authorizer,
});

const INPUT = { request: request(), peer: peer() };
const decided = (policies: HttpPolicy[], options: CompileOptions = {}) =>
  authorizeHttp(compilePolicies(policies, options), INPUT);
const details = (id: string) => `rbac_access_denied_matched_policy[${id}]`;

const rows: [
  name: string,
  policies: HttpPolicy[],
  kind: "allow" | "deny" | "ask",
  says: string | undefined,
][] = [
  ["allows without policies", [], "allow", undefined],
  ["allows what DENY leaves", [of("DENY", "d", [PUT])], "allow", undefined],
  [
    "denies what DENY matches",
    [of("DENY", "d", [GET])],
    "deny",
    details("ns[ns]-policy[d]-rule[0]"),
  ],
  [
    "lets DENY outrank ALLOW",
    [of("ALLOW", "a", [ANY]), of("DENY", "d", [GET])],
    "deny",
    details("ns[ns]-policy[d]-rule[0]"),
  ],
  ["allows what ALLOW matches", [of("ALLOW", "a", [GET])], "allow", "a"],
  [
    "denies what no ALLOW matches",
    [of("ALLOW", "a", [PUT])],
    "deny",
    details("none"),
  ],
  [
    "needs one ALLOW of several",
    [of("ALLOW", "a", [PUT]), of("ALLOW", "b", [GET])],
    "allow",
    "b",
  ],
  [
    "allows nothing by an ALLOW without rules",
    [of("ALLOW", "a", [])],
    "deny",
    details("none"),
  ],
  [
    "denies nothing by a DENY without rules",
    [of("DENY", "d", [])],
    "allow",
    undefined,
  ],
  [
    "names the rule that matched",
    [of("DENY", "d", [PUT, { ...GET, index: 7 }])],
    "deny",
    details("ns[ns]-policy[d]-rule[7]"),
  ],
  [
    "ignores dry runs",
    [of("DENY", "d", [GET], true), of("ALLOW", "a", [PUT], true)],
    "allow",
    undefined,
  ],
  [
    "asks before it denies",
    [of("DENY", "d", [GET]), custom(GRPC)],
    "ask",
    "custom",
  ],
  [
    "asks only about what CUSTOM matches",
    [custom(GRPC, [PUT])],
    "allow",
    undefined,
  ],
  [
    "denies where the provider is unknown",
    [custom(undefined)],
    "deny",
    details("ns[ns]-policy[custom]-rule[0]-deny-due-to-bad-CUSTOM-action"),
  ],
  [
    "leaves what a CUSTOM without provider does not match",
    [
      custom(undefined, [PUT]),
    ],
    "allow",
    undefined,
  ],
  [
    "never asks for a dry run",
    [custom(GRPC, [ANY], "custom", true)],
    "allow",
    undefined,
  ],
  [
    "denies where providers differ",
    [custom(GRPC), custom({ ...GRPC, name: "b" }, [PUT], "c")],
    "deny",
    details("ns[ns]-policy[custom]-rule[0]-deny-due-to-bad-CUSTOM-action"),
  ],
];
for (const [name, policies, kind, says] of rows) {
  Deno.test(`authorizeHttp() ${name}`, () => {
    const verdict = decided(policies);
    assert.equal(verdict.kind, kind);
    const said = verdict.kind === "deny" ? verdict.details : verdict.by?.name;
    assert.equal(said, says);
  });
}

Deno.test("authorizeHttp() answers a denial with 403 and its text", () => {
  const verdict = decided([of("DENY", "d", [ANY])]);
  assert.ok(verdict.kind === "deny");
  assert.equal(verdict.reply.status, 403);
  assert.equal(verdict.reply.body, "RBAC: access denied");
});

Deno.test("authorizeHttp() answers a gRPC call in gRPC", () => {
  const grpc = request({ headers: [["content-type", "application/grpc"]] });
  const compiled = compilePolicies([of("DENY", "d", [ANY])]);
  const verdict = authorizeHttp(compiled, { ...INPUT, request: grpc });
  assert.ok(verdict.kind === "deny");
  assert.equal(verdict.reply.status, 200);
});

Deno.test("authorizeHttp() goes on with the request as the provider changed it", () => {
  const compiled = compilePolicies([custom(GRPC), of("ALLOW", "a", [PUT])]);
  const verdict = authorizeHttp(compiled, INPUT);
  assert.ok(verdict.kind === "ask");
  assert.equal(verdict.proceed(INPUT).kind, "deny");
  const put = { ...INPUT, request: request({ method: "PUT" }) };
  assert.equal(verdict.proceed(put).kind, "allow");
});

Deno.test("authorizeHttp() asks each of several providers once, where it may", () => {
  const second = { ...GRPC, name: "second" };
  const policies = [
    custom(GRPC, [ANY], "a"),
    custom(GRPC, [ANY], "b"),
    custom(second, [ANY], "c"),
  ];
  const verdict = decided(policies, { severalProviders: true });
  assert.ok(verdict.kind === "ask" && verdict.authorizer === GRPC);
  const next = verdict.proceed(INPUT);
  assert.ok(next.kind === "ask" && next.authorizer === second);
  assert.equal(next.proceed(INPUT).kind, "allow");
});

Deno.test("checkCustom() and authorizeRequest() are the halves of it", () => {
  const compiled = compilePolicies([custom(GRPC), of("DENY", "d", [GET])]);
  const first = checkCustom(compiled, INPUT);
  assert.ok(first.kind === "ask");
  assert.equal(first.proceed(INPUT).kind, "pass");
  assert.equal(authorizeRequest(compiled, INPUT).kind, "deny");
});

Deno.test("authorizeHttp() reports AUDIT beside any verdict", () => {
  const audit = of("AUDIT", "log", [PUT, { ...GET, index: 1 }]);
  for (const others of [[], [of("DENY", "d", [ANY])]]) {
    const verdict = decided([audit, of("AUDIT", "off", [PUT]), ...others]);
    assert.ok(verdict.kind !== "ask");
    assert.deepEqual(verdict.report.audited, [
      { namespace: "ns", name: "log", rule: 1 },
    ]);
  }
});

const trials: [name: string, policies: HttpPolicy[], outcomes: unknown[]][] = [
  ["a DENY", [of("DENY", "d", [GET], true)], [{ kind: "deny", by: "ns/d" }]],
  ["an ALLOW", [of("ALLOW", "a", [GET], true)], [{
    kind: "allow",
    by: "ns/a",
  }]],
  ["no ALLOW", [of("ALLOW", "a", [PUT], true)], [{ kind: "no-allow" }]],
  ["nothing where an ALLOW is enforced", [
    of("ALLOW", "a", [PUT], true),
    of("ALLOW", "b", [GET]),
  ], []],
];
for (const [name, policies, outcomes] of trials) {
  Deno.test(`authorizeHttp() reports the dry run of ${name}`, () => {
    const verdict = decided(policies);
    assert.ok(verdict.kind === "allow");
    assert.deepEqual(verdict.report.dryRun, outcomes);
  });
}

/** Conditions that only a request can answer. */
const exactTerms = { values: [exact("x")], notValues: [] };
const httpOnly: HttpCondition[] = [
  { on: "host", ...exactTerms },
  { on: "method", ...exactTerms },
  { on: "path", ...exactTerms },
  { on: "header", name: "x", ...exactTerms },
  { on: "audience", ...exactTerms },
  { on: "presenter", ...exactTerms },
  { on: "claim", path: ["x"], ...exactTerms },
  {
    on: "requestPrincipal",
    values: [],
    notValues: [{ issuer: exact("x"), subject: exact("y") }],
  },
];
const overTcp = (policies: HttpPolicy[], uri?: string) =>
  authorizeTcp(compilePolicies(policies, { traffic: "tcp" }), {
    peer: peer(uri),
  });
for (const condition of httpOnly) {
  Deno.test(`authorizeTcp() drops an ALLOW rule with ${condition.on}`, () => {
    const both = of("ALLOW", "a", [rule(FROM_CLIENT, condition)]);
    assert.equal(overTcp([both]).kind, "deny");
    assert.equal(
      overTcp([of("ALLOW", "a", [rule(condition), rule(FROM_CLIENT)])]).kind,
      "allow",
    );
  });
  Deno.test(`authorizeTcp() widens a DENY rule with ${condition.on}`, () => {
    assert.equal(overTcp([of("DENY", "d", [rule(condition)])]).kind, "deny");
    const narrowed = of("DENY", "d", [rule(FROM_CLIENT, condition)]);
    assert.equal(overTcp([narrowed]).kind, "deny");
    const other = "spiffe://cluster.local/ns/shop/sa/other";
    assert.equal(overTcp([narrowed], other).kind, "allow");
  });
}

Deno.test("authorizeTcp() drops the whole ALLOW rule for one clause of several", () => {
  const clauses: HttpRule = { ...ANY, to: [GET.when, [FROM_CLIENT]] };
  assert.equal(overTcp([of("ALLOW", "a", [clauses])]).kind, "deny");
});

Deno.test("authorizeTcp() names what denied", () => {
  const verdict = overTcp([of("DENY", "d", [NOT_GET])]);
  assert.ok(verdict.kind === "deny");
  assert.equal(verdict.details, details("ns[ns]-policy[d]-rule[0]"));
  assert.equal("reply" in verdict, false);
});

Deno.test("authorizeTcp() keeps the remote address and the server name", () => {
  const sni: HttpCondition = { on: "sni", ...exactTerms };
  const compiled = compilePolicies([of("ALLOW", "a", [rule(sni)])], {
    traffic: "tcp",
  });
  const verdict = authorizeTcp(compiled, { peer: peer(), sni: "x" });
  assert.equal(verdict.kind, "allow");
});

const tcpCustom: [name: string, policy: HttpPolicy, kind: string][] = [
  ["asks a gRPC provider", custom(GRPC, [GET]), "ask"],
  ["does not ask an HTTP provider", custom(HTTP), "allow"],
  ["denies without a provider", custom(undefined), "deny"],
];
for (const [name, policy, kind] of tcpCustom) {
  Deno.test(`authorizeTcp() ${name}`, () => {
    const verdict = overTcp([policy]);
    assert.equal(verdict.kind, kind);
    if (verdict.kind !== "ask") return;
    assert.equal(verdict.proceed({ peer: peer() }).kind, "allow");
  });
}

Deno.test("compilePolicies() takes a pattern that is none as unusable", () => {
  const bad = rule({ on: "namespace", values: ["("], notValues: [] });
  assert.equal(decided([of("ALLOW", "a", [bad])]).kind, "deny");
  assert.equal(decided([of("DENY", "d", [bad])]).kind, "deny");
});

Deno.test("patterns of namespaces cost linear time", () => {
  const values = [`${"a*".repeat(400)}b`, "(a+)+$", "(.*)*x"];
  const slow = rule({ on: "namespace", values, notValues: [] });
  const uri = `spiffe://td/ns/${"a".repeat(5_000)}/sa/x`;
  const compiled = compilePolicies([of("ALLOW", "a", [slow])]);
  const verdict = authorizeHttp(compiled, { ...INPUT, peer: peer(uri) });
  assert.equal(verdict.kind, "deny");
});
