import assert from "node:assert/strict";
import {
  explain,
  type ExplainContext,
} from "../../../src/decide/explain/mod.ts";
import { CHANCES, WAYS_MAX } from "../../../src/decide/explain/limits.ts";
import type {
  ExplainQuestion,
  ExplainVerdict,
} from "../../../src/model/explanation.ts";
import { NODE, told } from "./explain_mesh.ts";

const rows: [
  name: string,
  question: Partial<ExplainQuestion>,
  verdict: ExplainVerdict,
  says: RegExp,
][] = [
  ["a pod", { to: "10.0.1.1:80" }, "allow", /tunnel to 10\.0\.1\.1:15008/],
  ["a service", { to: "10.1.0.1:80" }, "allow", /CONNECT 10\.0\.1\.1:8080/],
  ["a short name", { to: "web:80" }, "allow", /service web\.ns1\.svc/],
  ["a longer name", { to: "Web.ns1:80" }, "allow", /service web\.ns1\.svc/],
  ["a pod of this node", { to: "near:80" }, "allow", /node-local lane/],
  ["a pod that is not served", { to: "10.0.0.2:80" }, "fail", /not served/],
  ["a client that is not served", { from: "10.0.0.2" }, "fail", /not served/],
  [
    "who is not in the mesh",
    { to: "192.0.2.1:443" },
    "allow",
    /passed through/,
  ],
  [
    "a pod that is not enrolled",
    { to: "10.0.1.4:80" },
    "allow",
    /in the clear/,
  ],
  ["no endpoint", { to: "empty:80" }, "fail", /no healthy upstream/],
  ["no such port", { to: "web:81" }, "fail", /no healthy upstream/],
  ["a port of ours", { to: "10.0.0.1:15008" }, "fail", /recursive call/],
  ["a policy", { to: "10.0.1.2:80" }, "deny", /denied by: ns1\/deny-client/],
  [
    "a policy that is about another",
    { from: "ns1/near", to: "10.0.1.2:80" },
    "allow",
    /ns1\/deny-client \(DENY\) does not match/,
  ],
  [
    "a dry run, and a policy that is not known yet",
    { to: "10.0.1.7:80" },
    "deny",
    /would deny it.*not known yet: ns1\/late/,
  ],
  ["endpoints that differ", { to: "mixed:80" }, "depends", /deny-client/],
  ["a waypoint", { to: "fronted:80" }, "elsewhere", /waypoint ns1\/waypoint/],
  ["a waypoint that is not there", { to: "lost:80" }, "fail", /not found/],
  [
    "the way past a waypoint",
    { to: "10.0.1.6:8080" },
    "elsewhere",
    /was not passed: turned round to ns1\/waypoint/,
  ],
  [
    "an endpoint that has a name",
    { to: "named:80" },
    "elsewhere",
    /x\.example/,
  ],
  ["a stranger", { from: "192.0.2.9" }, "allow", /outbound, no proxy/],
  [
    "a stranger by a service",
    { from: "192.0.2.9", to: "10.1.0.1:80" },
    "allow",
    /its network chooses an endpoint: pod ns1\/web at 10\.0\.1\.1:8080/,
  ],
  [
    "a stranger past a waypoint",
    { from: "192.0.2.9", to: "10.0.1.6:8080" },
    "elsewhere",
    /turned round/,
  ],
  ["a client not enrolled", { from: "ns1/plain" }, "allow", /no proxy/],
];
for (const [name, question, verdict, says] of rows) {
  Deno.test(`explain() tells of ${name}`, () => {
    const answer = told(question);
    const text = JSON.stringify(answer);
    assert.equal(answer.verdict, verdict, text);
    assert.match(text, says);
  });
}

const settings: [
  name: string,
  context: Partial<ExplainContext>,
  question: Partial<ExplainQuestion>,
  verdict: ExplainVerdict,
  says: RegExp,
][] = [
  [
    "rejects what bypasses a waypoint",
    { waypointBypass: "reject" },
    { to: "10.0.1.6:8080" },
    "deny",
    /bypassed waypoint waypoint\.ns1/,
  ],
  [
    "observes what bypasses a waypoint",
    { waypointBypass: "observe" },
    { to: "10.0.1.6:8080" },
    "allow",
    /only counted/,
  ],
  [
    "has no local lane",
    { nodeLocalLane: false },
    { to: "near:80" },
    "allow",
    /CONNECT 10\.0\.0\.3:8080/,
  ],
  [
    "has no certificate",
    { certificateOf: () => ({ at: "unavailable", why: "the CA is away" }) },
    {},
    "fail",
    /no certificate for .*sa\/client: the CA is away/,
  ],
  [
    "has no certificate, and needs none",
    { certificateOf: () => ({ at: "unavailable", why: "the CA is away" }) },
    { to: "192.0.2.1:443" },
    "allow",
    /passed through/,
  ],
];
for (const [name, context, question, verdict, says] of settings) {
  Deno.test(`explain() tells of a process that ${name}`, () => {
    const answer = told(question, { ...NODE, ...context });
    assert.equal(answer.verdict, verdict, JSON.stringify(answer));
    assert.match(JSON.stringify(answer), says);
  });
}

Deno.test("explain() tells each endpoint once, and that there are more", () => {
  const mixed = told({ to: "mixed:80" });
  assert.deepEqual(
    mixed.ways.map(({ verdict }) => verdict).sort(),
    ["allow", "deny"],
  );
  const many = told({ to: "many:80" });
  assert.deepEqual([many.ways.length, many.more], [WAYS_MAX, true]);
  assert.ok(CHANCES > WAYS_MAX);
});

const errors: [
  name: string,
  question: Partial<ExplainQuestion>,
  error: RegExp,
][] = [
  ["a pod that is not there", { from: "ns1/nobody" }, /not known$/],
  ["a pod without address", { from: "ns1/named" }, /without an address$/],
  ["a name alone", { from: "client" }, /want NAMESPACE\/POD or an IP/],
  ["too many names", { from: "a/b/c" }, /want NAMESPACE\/POD or an IP/],
  ["a target without port", { to: "web" }, /want IP:PORT or HOST:PORT/],
  ["a name of nobody", { to: "nobody:80" }, /give an address$/],
  [
    "a request too long",
    { request: { method: "GET", path: `/${"a".repeat(8192)}` } },
    /too long$/,
  ],
];
for (const [name, question, error] of errors) {
  Deno.test(`explain() does not answer about ${name}`, () => {
    const whole = { from: "ns1/client", to: "web:80", ...question };
    const answer = explain(NODE, whole);
    assert.ok("error" in answer);
    assert.match(answer.error, error);
  });
}
