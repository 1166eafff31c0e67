/** Kubernetes objects for tests, written as short as they can be. */
import assert from "node:assert/strict";
import { formatProblem } from "../../src/kube/problem.ts";
import type { KubeObject } from "../../src/kube/objects.ts";
import { parseObject } from "../../src/kube/parse.ts";

export type Raw = Record<string, unknown>;

const API_VERSIONS: Record<string, string> = {
  AuthorizationPolicy: "security.istio.io/v1",
  PeerAuthentication: "security.istio.io/v1",
  RequestAuthentication: "security.istio.io/v1",
  ServiceEntry: "networking.istio.io/v1",
  WorkloadEntry: "networking.istio.io/v1",
  EndpointSlice: "discovery.k8s.io/v1",
  DestinationRule: "networking.istio.io/v1",
  Gateway: "gateway.networking.k8s.io/v1",
  GatewayClass: "gateway.networking.k8s.io/v1",
  HTTPRoute: "gateway.networking.k8s.io/v1",
  GRPCRoute: "gateway.networking.k8s.io/v1",
  TLSRoute: "gateway.networking.k8s.io/v1alpha3",
  TCPRoute: "gateway.networking.k8s.io/v1alpha2",
  ReferenceGrant: "gateway.networking.k8s.io/v1beta1",
};

/** @param name `namespace/name`, or a name in the namespace `shop`. */
export function raw(kind: string, name: string, rest: Raw = {}): Raw {
  const [first = "", second] = name.split("/");
  const { metadata = {}, ...others } = rest as { metadata?: Raw };
  const isGlobal = kind === "Namespace" || kind === "Node" ||
    kind === "GatewayClass";
  return {
    apiVersion: API_VERSIONS[kind] ?? "v1",
    kind,
    metadata: {
      name: second ?? first,
      ...isGlobal ? {} : { namespace: second === undefined ? "shop" : first },
      ...metadata,
    },
    ...others,
  };
}

export const pod = (name: string, ip: string, rest: Raw = {}): Raw => {
  const { labels, annotations, spec, status, metadata } = rest as Raw & {
    spec?: Raw;
    status?: Raw;
    metadata?: Raw;
  };
  return raw("Pod", name, {
    metadata: {
      labels: labels ?? {},
      annotations: annotations ?? {},
      ...metadata,
    },
    spec: { nodeName: "node-1", ...spec },
    status: { podIPs: [{ ip }], ...status },
  });
};

/** @throws when one of them does not parse. */
export function parsed(...objects: readonly Raw[]): KubeObject[] {
  return objects.map((object) => {
    const result = parseObject(object);
    assert.equal(result.kind, "object", linesOf(object).join("\n"));
    return (result as { object: KubeObject }).object;
  });
}

/** What is wrong with an object, one line each. */
export function linesOf(object: unknown): string[] {
  const result = parseObject(object);
  return result.kind === "bad" ? result.problems.map(formatProblem) : [];
}
