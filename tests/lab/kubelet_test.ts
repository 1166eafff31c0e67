/** What the lab's kubelet makes of a pod's template, without a pod. */
import assert from "node:assert/strict";
import { parseManifests } from "../support/manifests.ts";
import { LabError } from "./command.ts";
import { dropRights } from "./kubelet/root.ts";
import {
  argumentsOf,
  type Container,
  environmentOf,
  probeUrl,
  templateIn,
} from "./kubelet/template.ts";

const YAML = `
kind: DaemonSet
metadata: { name: node }
spec:
  template:
    spec:
      serviceAccountName: node
      containers:
        - name: hairpin
          args: [--gateway=$(POD_NAMESPACE)/waypoint, --as=$(NOBODY)]
          env:
            - { name: GRACE, value: "30" }
            - name: POD_NAMESPACE
              valueFrom: { fieldRef: { fieldPath: metadata.namespace } }
          ports: [{ name: readiness, containerPort: 15021 }]
          readinessProbe: { httpGet: { path: /healthz/ready, port: readiness } }
          securityContext:
            allowPrivilegeEscalation: false
            runAsUser: 1337
            capabilities: { drop: [ALL], add: [NET_ADMIN] }
---
kind: ServiceAccount
metadata: { name: node }
`;

const objects = parseManifests(YAML);
const container = (): Container =>
  templateIn(objects).template.spec.containers[0];

Deno.test("templateIn() wants one owner of pods", () => {
  assert.equal(templateIn(objects).owner.metadata.name, "node");
  assert.throws(() => templateIn(objects.slice(1)), LabError);
  assert.throws(() => templateIn([...objects, ...objects]), LabError);
});

Deno.test("environmentOf() and argumentsOf() fill in what is known of the pod", () => {
  const env = environmentOf(container(), { "metadata.namespace": "shop" });
  assert.deepEqual(env, { GRACE: "30", POD_NAMESPACE: "shop" });
  assert.deepEqual(argumentsOf(container(), env), [
    "--gateway=shop/waypoint",
    "--as=$(NOBODY)",
  ]);
  assert.throws(() => environmentOf(container(), {}), /metadata\.namespace/);
});

Deno.test("probeUrl() is the named port's", () => {
  const url = probeUrl(container(), "10.0.0.1");
  assert.equal(url, "http://10.0.0.1:15021/healthz/ready");
});

Deno.test("dropRights() leaves a container the rights that it adds", () => {
  const command = dropRights(container()).join(" ");
  assert.match(command, /--reuid 1337 .*--bounding-set=-all,\+net_admin /);
  assert.match(command, /--no-new-privs/);
});
