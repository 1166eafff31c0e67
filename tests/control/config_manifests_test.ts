/** Whole manifests of the kind that the Istio guides apply, from text to mesh. */
import assert from "node:assert/strict";
import { readObjects } from "../../src/control/config_objects.ts";
import { podsOfNode, translate } from "../../src/kube/mod.ts";

const APPS = `
apiVersion: v1
kind: Namespace
metadata:
  name: default
  labels: {istio.io/dataplane-mode: ambient}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: bookinfo-reviews}
---
apiVersion: v1
kind: Service
metadata:
  name: reviews
  labels: {app: reviews, service: reviews}
spec:
  clusterIP: 10.96.1.1
  ports:
  - port: 9080
    name: http
  selector:
    app: reviews
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: reviews-v1}
spec:
  replicas: 1
  template:
    spec:
      containers: [{name: reviews, image: example.org/reviews}]
---
apiVersion: v1
kind: Pod
metadata:
  name: reviews-v1-5b5d6494f4-x2x2x
  generateName: reviews-v1-5b5d6494f4-
  labels: {app: reviews, version: v1, pod-template-hash: 5b5d6494f4}
  annotations: {hairpin.dev/netns: /var/run/netns/reviews-v1}
  ownerReferences:
  - {apiVersion: apps/v1, kind: ReplicaSet, name: reviews-v1-5b5d6494f4, controller: true}
spec:
  nodeName: node-1
  serviceAccountName: bookinfo-reviews
  containers:
  - name: reviews
    image: example.org/reviews
    imagePullPolicy: IfNotPresent
    ports: [{containerPort: 9080}]
    volumeMounts: [{name: tmp, mountPath: /tmp}]
status:
  podIPs: [{ip: 10.0.1.2}]
---
apiVersion: v1
kind: Pod
metadata:
  name: sleep
  labels: {app: sleep}
  annotations: {hairpin.dev/netns: /var/run/netns/sleep}
spec: {nodeName: node-2, serviceAccountName: sleep}
status: {podIPs: [{ip: 10.0.2.2}]}
`;

const WAYPOINT = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  labels: {istio.io/waypoint-for: service}
  name: waypoint
  namespace: default
spec:
  gatewayClassName: istio-waypoint
  listeners:
  - {name: mesh, port: 15008, protocol: HBONE}
---
apiVersion: v1
kind: Pod
metadata:
  name: waypoint-1
  labels:
    gateway.networking.k8s.io/gateway-name: waypoint
    gateway.istio.io/managed: istio.io-mesh-controller
    istio.io/dataplane-mode: none
spec: {nodeName: node-1, serviceAccountName: waypoint}
status: {podIPs: [{ip: 10.0.1.9}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: reviews}
spec:
  parentRefs: [{group: "", kind: Service, name: reviews, port: 9080}]
  rules:
  - backendRefs: [{name: reviews-v1, port: 9080, weight: 90}]
`;

const POLICIES = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: sleep-only, namespace: default}
spec:
  selector:
    matchLabels:
      app: reviews
  action: ALLOW
  rules:
  - from:
    - source:
        principals:
        - cluster.local/ns/default/sa/sleep
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: viewer, namespace: default}
spec:
  targetRefs:
  - {kind: Service, group: "", name: reviews}
  action: ALLOW
  rules:
  - to: [{operation: {methods: [GET]}}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: default}
spec: {mtls: {mode: STRICT}}
`;

Deno.test("the guides' applications, waypoint and policies become a mesh", () => {
  const labelled = APPS.replace(
    "service: reviews}",
    "service: reviews, istio.io/use-waypoint: waypoint}",
  );
  const { objects, errors, unknownKinds } = readObjects(
    new Map([["1", labelled], ["2", WAYPOINT], ["3", POLICIES]]),
  );
  assert.deepEqual(errors, []);
  assert.deepEqual(unknownKinds, ["apps/v1/Deployment", "v1/ServiceAccount"]);
  const { workloads, services, policies, warnings } = translate(objects);
  assert.deepEqual(warnings, []);
  assert.deepEqual(
    workloads.map((w) => [
      w.name,
      w.protocol,
      w.nativeTunnel,
      w.workloadName,
      w.canonicalRevision,
      w.authorizationPolicies,
      w.services,
    ]),
    [
      [
        "reviews-v1-5b5d6494f4-x2x2x",
        "HBONE",
        false,
        "reviews-v1",
        "v1",
        ["default/sleep-only", "istio-system/istio_converted_static_strict"],
        { "default/reviews.default.svc.cluster.local": { 9080: 9080 } },
      ],
      [
        "sleep",
        "HBONE",
        false,
        "sleep",
        "latest",
        ["istio-system/istio_converted_static_strict"],
        {},
      ],
      [
        "waypoint-1",
        "HBONE",
        true,
        "waypoint-1",
        "latest",
        ["istio-system/istio_converted_static_strict"],
        { "default/waypoint.default.svc.cluster.local": { 15008: 15008 } },
      ],
    ],
  );
  assert.deepEqual(
    services.map(({ hostname, waypoint }) => [
      hostname,
      waypoint?.destination,
    ]),
    [
      ["reviews.default.svc.cluster.local", {
        kind: "hostname",
        namespace: "default",
        hostname: "waypoint.default.svc.cluster.local",
      }],
      ["waypoint.default.svc.cluster.local", undefined],
    ],
  );
  assert.deepEqual(policies.map(({ key }) => key), [
    "default/sleep-only",
    "istio-system/istio_converted_static_strict",
  ]);
  assert.deepEqual(
    podsOfNode(objects, "node-1").pods.map((
      { name, netnsPath },
    ) => [name, netnsPath]),
    [["reviews-v1-5b5d6494f4-x2x2x", "/var/run/netns/reviews-v1"]],
  );
});
