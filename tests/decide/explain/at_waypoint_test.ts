import assert from "node:assert/strict";
import type { ExplainContext } from "../../../src/decide/explain/mod.ts";
import { compilePolicies } from "../../../src/decide/http/policies.ts";
import type { ExternalAuthorizer } from "../../../src/model/external_authorizer.ts";
import type {
  ExplainQuestion,
  ExplainVerdict,
} from "../../../src/model/explanation.ts";
import type { HttpPolicy } from "../../../src/model/http_policy.ts";
import { serviceKey } from "../../../src/model/service.ts";
import { compileRoutes } from "../http/routes.ts";
import { hostOf } from "../../support/sample_mesh.ts";
import { MESH, NODE, told } from "./explain_mesh.ts";

const AUTHORIZER: ExternalAuthorizer = {
  name: "opa",
  protocol: "grpc",
  service: "opa.ns1.svc.cluster.local",
  port: 9191,
  timeoutMs: 1000,
  failOpen: false,
  statusOnError: 403,
  clearRouteCache: false,
  body: undefined,
};

/** The process of the waypoint in front of `fronted`. */
function waypoint(
  protocol: "HTTP11" | "TCP" | undefined,
  policies: readonly HttpPolicy[] = [],
): ExplainContext {
  const key = serviceKey(MESH.serviceByHostname(hostOf("fronted"))!);
  return {
    ...NODE,
    node: "node-2",
    serves: () => false,
    waypoint: {
      gateway: "ns1/waypoint",
      workload: MESH.workloadByUid("cluster1//Pod/ns1/waypoint")!,
      view: {
        services: new Map([[key, { key, ports: [{ port: 80, protocol }] }]]),
        workloads: new Set(),
        routes: compileRoutes([]),
        pathNormalization: "BASE",
        policiesFor: (_, traffic) => compilePolicies(policies, { traffic }),
        tokenRulesFor: () => [],
      },
    },
  };
}

const GET = { request: { method: "GET", path: "/" } };
const custom: HttpPolicy = {
  namespace: "ns1",
  name: "ask",
  action: "CUSTOM",
  dryRun: false,
  rules: [{ index: 0, from: [], to: [], when: [] }],
  provider: "opa",
  authorizer: AUTHORIZER,
};

const atWaypoint: [
  name: string,
  context: ExplainContext,
  question: Partial<ExplainQuestion>,
  verdict: ExplainVerdict,
  says: RegExp,
][] = [
  ["sends a request on", waypoint("HTTP11"), GET, "allow", /pod ns1\/fronted/],
  ["needs a request", waypoint("HTTP11"), {}, "depends", /method and path/],
  ["carries TCP", waypoint("TCP"), {}, "allow", /the peer is the waypoint/],
  [
    "looks at what nobody declared",
    waypoint(undefined),
    {},
    "depends",
    /if it is not HTTP/,
  ],
  [
    "takes it for HTTP when asked",
    waypoint(undefined),
    GET,
    "allow",
    /as HTTP/,
  ],
  [
    "asks an authorizer",
    waypoint("HTTP11", [custom]),
    GET,
    "depends",
    /if authorizer opa lets it/,
  ],
  [
    "denies for want of a provider",
    waypoint("HTTP11", [{ ...custom, authorizer: undefined }]),
    GET,
    "deny",
    /bad-CUSTOM-action/,
  ],
  [
    "is not asked for another service",
    waypoint("HTTP11"),
    { ...GET, to: "web:80" },
    "allow",
    /tunnel to 10\.0\.1\.1:15008/,
  ],
  [
    "is not asked for another port",
    waypoint("HTTP11"),
    { ...GET, to: "fronted:81" },
    "fail",
    /404: unknown port/,
  ],
  [
    "takes what was turned round",
    waypoint("HTTP11"),
    { ...GET, from: "192.0.2.9", to: "10.0.1.6:8080" },
    "allow",
    /vouched for by a destination pod: 192\.0\.2\.9, no identity/,
  ],
  [
    "refuses a path that has two readings",
    waypoint("HTTP11"),
    { request: { method: "GET", path: "/%00" } },
    "answer",
    /400/,
  ],
];
for (const [name, context, question, verdict, says] of atWaypoint) {
  Deno.test(`explain() tells of a waypoint that ${name}`, () => {
    const answer = told({ to: "fronted:80", ...question }, context);
    assert.equal(answer.verdict, verdict, JSON.stringify(answer));
    assert.match(JSON.stringify(answer), says);
  });
}
