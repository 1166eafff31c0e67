/** The shipped manifests, as a real API server takes them. */
import assert from "node:assert/strict";
import { LabError } from "../lab/command.ts";
import {
  ControlPlane,
  controlPlaneSkipReason,
} from "../lab/control_plane/mod.ts";
import { MANIFESTS, parseManifests } from "../support/manifests.ts";

const skip = await controlPlaneSkipReason();
if (skip !== undefined) {
  console.log(`tests of the manifests are skipped: ${skip}`);
}

let plane: ControlPlane;
if (skip === undefined) {
  Deno.test.beforeAll(async () => {
    plane = await ControlPlane.start({ istiod: false });
    await plane.addNamespace("istio-system", {
      "pod-security.kubernetes.io/enforce": "privileged",
    });
    // What the Prometheus operator calls by this name, as far as it is used.
    await plane.apply(POD_MONITORS);
    await plane.kubectl([
      "wait",
      "--for=condition=established",
      `crd/${POD_MONITORS.metadata.name}`,
    ]);
  });
  Deno.test.afterAll(() => plane[Symbol.asyncDispose]());
}

const text = { type: "string" };
const object = (properties: object) => ({ type: "object", properties });
const list = (items: object) => ({ type: "array", items });
const POD_MONITORS = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "podmonitors.monitoring.coreos.com" },
  spec: {
    group: "monitoring.coreos.com",
    names: { kind: "PodMonitor", plural: "podmonitors" },
    scope: "Namespaced",
    versions: [{
      name: "v1",
      served: true,
      storage: true,
      schema: {
        openAPIV3Schema: object({
          spec: object({
            namespaceSelector: object({ any: { type: "boolean" } }),
            selector: object({
              matchLabels: {
                type: "object",
                additionalProperties: text,
              },
              matchExpressions: list(
                object({ key: text, operator: text, values: list(text) }),
              ),
            }),
            podMetricsEndpoints: list(object({
              path: text,
              portNumber: { type: "integer" },
              interval: text,
            })),
          }),
        }),
      },
    }],
  },
};

const tryOut = (yaml: string): Promise<string> =>
  plane.kubectl(
    [
      ...["apply", "--dry-run=server", "--server-side", "--validate=strict"],
      ...["-o", "name", "-f", "-"],
    ],
    yaml,
  );

const folders = [...Deno.readDirSync(MANIFESTS)].filter(({ isDirectory }) =>
  isDirectory
).map(({ name }) => name).toSorted();

for (const folder of folders) {
  Deno.test({
    name: `an API server takes every object of ${folder}`,
    ignore: skip !== undefined,
    async fn() {
      const yaml = await plane.kubectl(["kustomize", `${MANIFESTS}/${folder}`]);
      const said = (await tryOut(yaml)).trim().split("\n");
      assert.equal(said.length, parseManifests(yaml).length);
    },
  });
}

for (const name of ["workloads", "policy"]) {
  Deno.test({
    name: `an API server takes every object of kind/${name}.yaml`,
    ignore: skip !== undefined,
    async fn() {
      const path = `${MANIFESTS}/../kind/${name}.yaml`;
      const yaml = await Deno.readTextFile(path);
      const said = (await tryOut(yaml)).trim().split("\n");
      assert.equal(said.length, parseManifests(yaml).length);
    },
  });
}

Deno.test({
  name: "an API server refuses what is misspelt in a manifest",
  ignore: skip !== undefined,
  async fn() {
    const yaml = await plane.kubectl(["kustomize", `${MANIFESTS}/waypoint`]);
    const wrong = yaml.replace("minReplicas:", "minReplica:");
    await assert.rejects(
      () => tryOut(wrong),
      (error) => error instanceof LabError && /minReplica/.test(error.message),
    );
  },
});
