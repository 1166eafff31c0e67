import assert from "node:assert/strict";
import type { Config } from "../../src/config/mod.ts";
import { kubeScopes } from "../../src/modes/kube_scopes.ts";

type Asked = Parameters<typeof kubeScopes>[0];

const xds: NonNullable<Config["xds"]> = {
  address: "https://istiod:15012",
  roots: { kind: "system" },
  alternativeHostname: undefined,
  headers: {},
  onDemand: false,
};
const node: Asked = {
  mode: "node",
  gateway: undefined,
  nodeName: "node-1",
  xds: undefined,
};
const waypoint: Asked = {
  ...node,
  mode: "waypoint",
  gateway: { namespace: "shop", name: "wp" },
};

const kindsOf = (asked: Asked) => kubeScopes(asked).map(({ kind }) => kind);

Deno.test("kubeScopes() asks for no kind twice", () => {
  for (const asked of [node, waypoint, { ...waypoint, xds }]) {
    const kinds = kindsOf(asked);
    assert.equal(new Set(kinds).size, kinds.length);
  }
});

Deno.test("kubeScopes() leaves layer 7 to waypoints", () => {
  const kinds = kindsOf(node);
  assert(kinds.includes("EndpointSlice") && kinds.includes("Node"));
  assert(!kinds.includes("HTTPRoute") && !kinds.includes("ConfigMap"));
});

Deno.test("kubeScopes() asks for everything where there is no istiod", () => {
  const kinds = kindsOf(waypoint);
  assert.equal(kinds.length, 19);
  for (const scope of kubeScopes(waypoint)) {
    const isAll = scope.namespace === undefined;
    assert.equal(isAll, scope.kind !== "ConfigMap", scope.kind);
  }
});

Deno.test("kubeScopes() leaves workloads to istiod, but for the waypoint's own pods", () => {
  const scopes = kubeScopes({ ...waypoint, xds });
  const kinds = scopes.map(({ kind }) => kind);
  assert(!kinds.includes("EndpointSlice") && !kinds.includes("WorkloadEntry"));
  assert.deepEqual(scopes.find(({ kind }) => kind === "Pod"), {
    kind: "Pod",
    namespace: "shop",
    labelSelector: "gateway.networking.k8s.io/gateway-name=wp",
  });
});

Deno.test("kubeScopes() asks for a node's own pods where istiod knows the mesh", () => {
  assert.deepEqual(kubeScopes({ ...node, xds }), [
    { kind: "Namespace" },
    { kind: "Pod", fieldSelector: "spec.nodeName=node-1" },
  ]);
});
