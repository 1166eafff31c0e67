import assert from "node:assert/strict";
import {
  explain,
  type ExplainContext,
} from "../../../src/decide/explain/mod.ts";
import type {
  ExplainQuestion,
  Explanation,
} from "../../../src/model/explanation.ts";
import { EMPTY_MATCH, type Policy } from "../../../src/model/policy.ts";
import {
  atAddress,
  atHostname,
  hostOf,
  pod,
  service,
  serving,
  stateOf,
} from "../../support/sample_mesh.ts";

const HERE = { node: "node-1" };
const FAR = { node: "node-2" };

const policy = (name: string, fields: Partial<Policy>): Policy => ({
  key: `ns1/${name}`,
  name,
  namespace: "ns1",
  scope: "WorkloadSelector",
  action: "Deny",
  dryRun: false,
  rules: [[[{
    ...EMPTY_MATCH,
    principals: [{ kind: "exact", value: "cluster.local/ns/ns1/sa/client" }],
  }]]],
  ...fields,
});

const guarded = {
  authorizationPolicies: ["ns1/deny-client"],
  ...serving("mixed"),
};

/** Two nodes: the process asked is on `node-1`. */
export const MESH = stateOf({
  workloads: [
    pod("client", ["10.0.0.1"], HERE),
    pod("gone", ["10.0.0.2"], HERE),
    pod("web", ["10.0.1.1"], { ...FAR, ...serving("web", "mixed") }),
    pod("guarded", ["10.0.1.2"], { ...FAR, ...guarded }),
    pod("near", ["10.0.0.3"], { ...HERE, ...serving("near") }),
    pod("plain", ["10.0.1.4"], { ...FAR, protocol: "TCP" }),
    pod("waypoint", ["10.0.1.5"], { ...FAR, ...serving("waypoint") }),
    pod("fronted", ["10.0.1.6"], { ...FAR, ...serving("fronted", "lost") }),
    pod("trial", ["10.0.1.7"], {
      ...FAR,
      authorizationPolicies: ["ns1/trial", "ns1/late"],
    }),
    pod("named", [], { ...FAR, hostname: "x.example", ...serving("named") }),
    ...Array.from(
      { length: 40 },
      (_, at) =>
        pod(`m${at}`, [`10.0.2.${at}`], { ...FAR, ...serving("many") }),
    ),
  ],
  services: [
    service("web", ["10.1.0.1"]),
    service("mixed", ["10.1.0.2"]),
    service("near", ["10.1.0.3"]),
    service("empty", ["10.1.0.4"]),
    service("waypoint", ["10.1.0.5"], { ports: { 15008: 15008 } }),
    service("fronted", ["10.1.0.6"], {
      waypoint: atHostname(hostOf("waypoint")),
    }),
    service("lost", ["10.1.0.7"], { waypoint: atAddress("10.9.9.9") }),
    service("many", ["10.1.0.8"]),
    service("named", ["10.1.0.9"]),
  ],
  policies: [
    policy("deny-client", {}),
    policy("trial", { dryRun: true }),
  ],
});

/** A node's process with the defaults; `ns1/gone` is not served. */
export const NODE: ExplainContext = {
  mesh: MESH,
  network: "",
  clusterDomain: "cluster.local",
  node: "node-1",
  nodeLocalLane: true,
  waypointBypass: "hairpin",
  waypointUnreachable: "fail",
  serves: ({ node, name }) => node === "node-1" && name !== "gone",
  certificateOf: () => undefined,
};

/** The answer, about the client's call to `ns1/web` where nothing else is asked. */
export function told(
  question: Partial<ExplainQuestion>,
  context: ExplainContext = NODE,
): Explanation {
  const whole = { from: "ns1/client", to: "10.0.1.1:80", ...question };
  const answer = explain(context, whole);
  assert.ok(!("error" in answer), JSON.stringify(answer));
  return answer;
}
