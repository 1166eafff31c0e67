/**
 * Gateways of an author who wants more than a waypoint: at a real API server
 * nothing of what they say reaches the pod, and an account of others stays
 * without rights.
 */
import assert from "node:assert/strict";
import { controlPlaneSkipReason } from "../lab/control_plane/mod.ts";
import { grants } from "../support/manifests.ts";
import {
  DeployerCluster,
  gatewayObject,
  type GatewayOver,
  type ReadDeployment,
} from "./deployer_support.ts";
import { kubeconfigOf } from "./manifest_rights.ts";

const skip = await controlPlaneSkipReason();
if (skip !== undefined) {
  console.log(`attacks on the deployer are skipped: ${skip}`);
}
let cluster: DeployerCluster;
if (skip === undefined) {
  Deno.test.beforeAll(async () => {
    cluster = await DeployerCluster.start();
  });
  Deno.test.afterAll(() => cluster[Symbol.asyncDispose]());
}
const attackTest = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, ignore: skip !== undefined, fn });

const asking = (infrastructure: object): GatewayOver => ({
  spec: { infrastructure },
});

const refused: [name: string, over: GatewayOver, says: RegExp][] = [
  [
    "captured",
    asking({ labels: { "istio.io/dataplane-mode": "ambient" } }),
    /keys of istio\.io are not a Gateway's to set/,
  ],
  [
    "injected",
    asking({ annotations: { "inject.istio.io/templates": "root" } }),
    /keys of istio\.io are not/,
  ],
  [
    "unconfined",
    asking({
      annotations: {
        "container.apparmor.security.beta.kubernetes.io/hairpin": "unconfined",
      },
    }),
    /keys of kubernetes\.io are not/,
  ],
  [
    "overlaid",
    asking({ parametersRef: { group: "", kind: "ConfigMap", name: "root" } }),
    /parametersRef is not supported/,
  ],
  ["a".repeat(64), {}, /cannot be a Service's/],
  ["with.dot", {}, /cannot be a Service's/],
];

attackTest(
  "what a Gateway may not ask for is refused by name, and nothing is made",
  async () => {
    await cluster.plane.apply({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "root", namespace: "default" },
      data: { deployment: "spec: {template: {spec: {hostNetwork: true}}}" },
    });
    await using _deployer = await cluster.run();
    for (const [name, over] of refused) await cluster.addGateway(name, over);
    await cluster.addGateway("honest");
    for (const [name, , says] of refused) {
      const { reason, message } = await cluster.untilDeployed(name, "False");
      assert.equal(reason, "Refused");
      assert.match(message, says);
      assert.equal(await cluster.find("deployment", name), undefined);
      assert.equal(await cluster.find("serviceaccount", name), undefined);
    }
    await cluster.untilDeployed("honest", "True");
  },
);

attackTest("a refused change leaves the waypoint as it was", async () => {
  await using _deployer = await cluster.run();
  await cluster.addGateway("steady");
  await cluster.untilDeployed("steady", "True");
  const before = await cluster.untilThere("deployment", "steady");
  await cluster.addGateway("steady", refused[0]![1]);
  await cluster.untilDeployed("steady", "False");
  const after = await cluster.untilThere("deployment", "steady");
  const versions = [before, after].map(({ metadata }) =>
    metadata.resourceVersion
  );
  assert.equal(versions[0], versions[1]);
  await cluster.addGateway("steady");
  await cluster.untilDeployed("steady", "True");
});

attackTest(
  "a waypoint's pod is one that a restricted namespace admits",
  async () => {
    await using _deployer = await cluster.run();
    await cluster.addGateway("modest", asking({ labels: { team: "shop" } }));
    await cluster.untilDeployed("modest", "True");
    const { spec: { template } } = await cluster.untilThere<ReadDeployment>(
      "deployment",
      "modest",
    );
    assert.equal(template.spec.serviceAccountName, "modest");
    await cluster.plane.addNamespace("strict", {
      "pod-security.kubernetes.io/enforce": "restricted",
    });
    const metadata = { name: "modest", namespace: "strict" };
    await cluster.plane.apply({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata,
    });
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata,
      spec: template.spec,
    };
    const dryRun = ["create", "--dry-run=server", "-f", "-"];
    await cluster.plane.kubectl(dryRun, JSON.stringify(pod));
    const [container] = template.spec.containers;
    const securityContext = { ...container!.securityContext, privileged: true };
    const containers = [{
      ...container,
      securityContext: { ...securityContext, allowPrivilegeEscalation: true },
    }];
    const privileged = { ...pod, spec: { ...template.spec, containers } };
    await assert.rejects(
      cluster.plane.kubectl(dryRun, JSON.stringify(privileged)),
      /violates PodSecurity/,
    );
  },
);

attackTest(
  "who may make Gateways alone gets no more of them than a pod of the deployer's",
  async () => {
    await using _deployer = await cluster.run();
    const author = { name: "author", namespace: "default" };
    const right = {
      namespace: "default",
      group: "gateway.networking.k8s.io",
      resource: "gateways",
      names: undefined,
    };
    await cluster.plane.apply(
      ...grants(
        ["get", "create", "patch"].map((verb) => ({ ...right, verb })),
        author,
      ),
    );
    const kubeconfig = await kubeconfigOf(cluster.plane, author);
    const asAuthor = (args: readonly string[], stdin?: string) =>
      cluster.plane.kubectl(["--kubeconfig", kubeconfig, ...args], stdin);
    const made = JSON.stringify(gatewayObject("theirs"));
    await asAuthor(["create", "-f", "-"], made);
    await cluster.untilDeployed("theirs", "True");
    for (const [verb, kind] of [["get", "pods"], ["create", "deployments"]]) {
      const args = ["auth", "can-i", verb!, kind!, "-n", "default"];
      await assert.rejects(asAuthor(args), /no/);
    }
    // An account that was there is not to be had by a Gateway of its name.
    await asAuthor(
      ["create", "-f", "-"],
      JSON.stringify(gatewayObject("author")),
    );
    const { reason } = await cluster.untilDeployed("author", "False");
    assert.equal(reason, "Conflict");
  },
);
