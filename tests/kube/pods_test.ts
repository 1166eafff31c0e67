import assert from "node:assert/strict";
import { translate } from "../../src/kube/translate.ts";
import { DEFAULT_WORKLOAD, type Workload } from "../../src/model/workload.ts";
import { parsed, pod, type Raw, raw } from "./objects.ts";

const ambient = raw("Namespace", "shop", {
  metadata: { labels: { "istio.io/dataplane-mode": "ambient" } },
});
const workloadsOf = (...objects: Raw[]) =>
  translate(parsed(...objects)).workloads;
const only = (...objects: Raw[]): Workload => {
  const [workload, ...rest] = workloadsOf(...objects);
  assert.ok(workload !== undefined && rest.length === 0);
  return workload;
};

Deno.test("translate() makes the workload of a pod", () => {
  const workload = only(
    raw("Node", "node-1", {
      metadata: {
        labels: {
          "topology.kubernetes.io/region": "eu",
          "topology.kubernetes.io/zone": "eu-1",
          "topology.istio.io/subzone": "rack-2",
        },
      },
    }),
    pod("cart", "10.0.0.1", {
      spec: { serviceAccountName: "cart" },
      status: { podIPs: [{ ip: "10.0.0.1" }, { ip: "fd00::1" }] },
    }),
  );
  assert.deepEqual(workload, {
    ...DEFAULT_WORKLOAD,
    uid: "Kubernetes//Pod/shop/cart",
    name: "cart",
    namespace: "shop",
    ips: ["10.0.0.1", "fd00::1"],
    serviceAccount: "cart",
    node: "node-1",
    canonicalName: "cart",
    canonicalRevision: "latest",
    workloadName: "cart",
    workloadType: "pod",
    locality: { region: "eu", zone: "eu-1", subzone: "rack-2" },
  });
});

Deno.test("translate() takes cluster, network and trust domain from the settings", () => {
  const { workloads: [workload] } = translate(
    parsed(pod("cart", "10.0.0.1")),
    { clusterId: "c1", network: "n1", trustDomain: "td" },
  );
  assert.equal(workload?.uid, "c1//Pod/shop/cart");
  assert.equal(workload?.clusterId, "c1");
  assert.equal(workload?.network, "n1");
  assert.equal(workload?.trustDomain, "td");
});

const absent: [name: string, status: Raw][] = [
  ["has succeeded", { phase: "Succeeded" }],
  ["has failed", { phase: "Failed" }],
  ["has no address", { podIPs: [] }],
  ["has an empty address", { podIPs: [], podIP: "" }],
];
for (const [name, status] of absent) {
  Deno.test(`translate() makes no workload of a pod that ${name}`, () => {
    assert.deepEqual(workloadsOf(pod("cart", "10.0.0.1", { status })), []);
  });
}

const rows: [name: string, rest: Raw, expected: Partial<Workload>][] = [
  ["its single address", { status: { podIPs: null, podIP: "10.0.0.9" } }, {
    ips: ["10.0.0.9" as Workload["ips"][number]],
  }],
  ["the default service account", {}, { serviceAccount: "default" }],
  ["health without conditions", {}, { status: "Healthy" }],
  ["health when ready", {
    status: { conditions: [{ type: "Ready", status: "True" }] },
  }, { status: "Healthy" }],
  ["no health when not ready", {
    status: { conditions: [{ type: "Ready", status: "False" }] },
  }, { status: "Unhealthy" }],
  ["no health before it is ready", {
    status: { conditions: [{ type: "PodScheduled", status: "True" }] },
  }, { status: "Unhealthy" }],
  ["no health while it ends", {
    metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" },
  }, { status: "Unhealthy" }],
  ["the host's network", { spec: { hostNetwork: true } }, {
    networkMode: "HostNetwork",
    protocol: "TCP",
  }],
  ["canonical names from labels of Istio", {
    labels: {
      "service.istio.io/canonical-name": "a",
      "app.kubernetes.io/name": "b",
      app: "c",
      "service.istio.io/canonical-revision": "1",
      "app.kubernetes.io/version": "2",
      version: "3",
    },
  }, { canonicalName: "a", canonicalRevision: "1" }],
  ["canonical names from labels of Kubernetes", {
    labels: {
      "app.kubernetes.io/name": "b",
      app: "c",
      "app.kubernetes.io/version": "2",
      version: "3",
    },
  }, { canonicalName: "b", canonicalRevision: "2" }],
  ["canonical names from plain labels", {
    labels: { app: "c", version: "3" },
  }, { canonicalName: "c", canonicalRevision: "3" }],
  ["a workload name from its label", {
    labels: { "service.istio.io/workload-name": "w" },
  }, { workloadName: "w", canonicalName: "w" }],
  ["its Deployment's name", {
    labels: { "pod-template-hash": "7d9" },
    metadata: owned("ReplicaSet", "cart-7d9"),
  }, { workloadName: "cart" }],
  ["its Rollout's name", {
    labels: { "rollouts-pod-template-hash": "7d9" },
    metadata: owned("ReplicaSet", "cart-7d9"),
  }, { workloadName: "cart" }],
  ["its ReplicaSet's name", { metadata: owned("ReplicaSet", "cart-7d9") }, {
    workloadName: "cart-7d9",
  }],
  ["its StatefulSet's name", { metadata: owned("StatefulSet", "db") }, {
    workloadName: "db",
  }],
  ["its CronJob's name", { metadata: owned("Job", "sweep-28812345") }, {
    workloadName: "sweep",
  }],
  ["its Job's name", { metadata: owned("Job", "sweep-once") }, {
    workloadName: "sweep-once",
  }],
  ["its DeploymentConfig's name", {
    labels: { deploymentconfig: "dc" },
    metadata: owned("ReplicationController", "dc-1"),
  }, { workloadName: "dc" }],
  ["its own name under a Node", {
    metadata: { ownerReferences: [owner("Node", "node-1")] },
  }, { workloadName: "cart" }],
];

function owner(kind: string, name: string) {
  return { apiVersion: "v1", kind, name, controller: true };
}
function owned(kind: string, name: string): Raw {
  return { generateName: `${name}-`, ownerReferences: [owner(kind, name)] };
}

for (const [name, rest, expected] of rows) {
  Deno.test(`translate() gives a pod ${name}`, () => {
    const workload = only(pod("cart", "10.0.0.1", rest));
    for (const [key, value] of Object.entries(expected)) {
      assert.deepEqual(workload[key as keyof Workload], value, key);
    }
  });
}

const mode = (value: string) => ({
  labels: { "istio.io/dataplane-mode": value },
});
const enrolment: [name: string, objects: Raw[], protocol: "HBONE" | "TCP"][] = [
  ["in a plain namespace", [pod("a", "10.0.0.1")], "TCP"],
  ["in an ambient namespace", [ambient, pod("a", "10.0.0.1")], "HBONE"],
  ["with its own label", [pod("a", "10.0.0.1", mode("ambient"))], "HBONE"],
  [
    "that opts out",
    [ambient, pod("a", "10.0.0.1", mode("none"))],
    "TCP",
  ],
  [
    "on the host's network",
    [ambient, pod("a", "10.0.0.1", { spec: { hostNetwork: true } })],
    "TCP",
  ],
  [
    "with a sidecar",
    [
      ambient,
      pod("a", "10.0.0.1", { annotations: { "sidecar.istio.io/status": "" } }),
    ],
    "TCP",
  ],
  [
    "in an excluded namespace",
    [pod("kube-system/a", "10.0.0.1", mode("ambient"))],
    "TCP",
  ],
  [
    "that is the node proxy",
    [
      raw("Namespace", "istio-system", { metadata: mode("ambient") }),
      pod("istio-system/z", "10.0.0.1", { labels: { app: "ztunnel" } }),
    ],
    "TCP",
  ],
  [
    "that an agent has marked",
    [
      pod("a", "10.0.0.1", {
        annotations: { "ambient.istio.io/redirection": "enabled" },
      }),
    ],
    "HBONE",
  ],
];
for (const [name, objects, protocol] of enrolment) {
  Deno.test(`translate() has ${protocol} for a pod ${name}`, () => {
    const workload = only(...objects);
    assert.equal(workload.protocol, protocol);
    assert.equal(workload.nativeTunnel, false);
  });
}

const native: [name: string, objects: Raw[]][] = [
  ["labelled for it", [
    pod("a", "10.0.0.1", {
      labels: { "networking.istio.io/tunnel": "other,http" },
    }),
  ]],
  ["that Istio manages as waypoint", [
    pod("a", "10.0.0.1", {
      labels: { "gateway.istio.io/managed": "istio.io-mesh-controller" },
    }),
  ]],
  ["of a waypoint, in an ambient namespace too", [
    ambient,
    raw("Gateway", "wp", { spec: { gatewayClassName: "istio-waypoint" } }),
    pod("a", "10.0.0.1", {
      labels: { "gateway.networking.k8s.io/gateway-name": "wp" },
    }),
  ]],
];
for (const [name, objects] of native) {
  Deno.test(`translate() has a native tunnel for a pod ${name}`, () => {
    const workload = only(...objects);
    assert.equal(workload.protocol, "HBONE");
    assert.equal(workload.nativeTunnel, true);
  });
}

Deno.test("translate() sees no tunnel in the pods of an edge gateway", () => {
  const workload = only(
    raw("Gateway", "edge", { spec: { gatewayClassName: "istio" } }),
    pod("a", "10.0.0.1", {
      labels: { "gateway.networking.k8s.io/gateway-name": "edge" },
    }),
  );
  assert.equal(workload.nativeTunnel, false);
  assert.equal(workload.protocol, "TCP");
});

Deno.test("translate() gives the pods of a captured waypoint an application tunnel", () => {
  const workload = only(
    ambient,
    raw("Gateway", "wp", {
      metadata: {
        annotations: {
          "ambient.istio.io/waypoint-inbound-binding": "PROXY/15088",
        },
      },
      spec: { gatewayClassName: "kgateway-waypoint" },
    }),
    pod("a", "10.0.0.1", {
      labels: { "gateway.networking.k8s.io/gateway-name": "wp" },
    }),
  );
  assert.deepEqual(workload.applicationTunnel, {
    protocol: "PROXY",
    port: 15088,
  });
  assert.equal(workload.protocol, "HBONE");
  assert.equal(workload.nativeTunnel, false);
});
