/** The deployer's objects at a real API server, made under its manifest's rights. */
import assert from "node:assert/strict";
import { parseObject, waypointObjects } from "../../src/kube/mod.ts";
import { controlPlaneSkipReason } from "../lab/control_plane/mod.ts";
import {
  DeployerCluster,
  gatewayObject,
  type Read,
  type ReadDeployment,
  WAIT_MS,
} from "./deployer_support.ts";
import { manifestsIn } from "./manifest_rights.ts";
import { eventually } from "./support.ts";

const skip = await controlPlaneSkipReason();
if (skip !== undefined) {
  console.log(`tests of the deployer are skipped: ${skip}`);
}
let cluster: DeployerCluster;
if (skip === undefined) {
  Deno.test.beforeAll(async () => {
    cluster = await DeployerCluster.start();
  });
  Deno.test.afterAll(() => cluster[Symbol.asyncDispose]());
}
const deployerTest = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, ignore: skip !== undefined, fn });

const MADE:
  readonly (readonly [kind: string, nameOf: (g: string) => string])[] = [
    ["serviceaccount", (gateway) => gateway],
    ["rolebinding", (gateway) => `hairpin-waypoint-pods-${gateway}`],
    ["service", (gateway) => gateway],
    ["deployment", (gateway) => gateway],
  ];

const imageOf = ({ spec }: ReadDeployment) =>
  spec.template.spec.containers[0]!.image;

deployerTest(
  "a Gateway gets an account, a Service and a Deployment that are its own",
  async () => {
    await using _deployer = await cluster.run({
      imagePullPolicy: "Always",
      waypointVariables: { TRUST_DOMAIN: "corp" },
    });
    await cluster.addGateway("first", {
      spec: {
        infrastructure: {
          labels: { team: "shop" },
          annotations: { "example.com/cost": "42" },
        },
      },
    });
    await cluster.untilDeployed("first", "True");
    const gateway = await cluster.untilThere("gateway", "first");
    for (const [kind, nameOf] of MADE) {
      const { metadata } = await cluster.untilThere(kind, nameOf("first"));
      assert.deepEqual(
        metadata.ownerReferences?.map(({ uid }) => uid),
        [gateway.metadata.uid],
      );
      assert.equal(
        metadata.labels?.["gateway.networking.k8s.io/gateway-name"],
        "first",
      );
      assert.equal(
        metadata.labels?.["gateway.networking.k8s.io/gateway-class-name"],
        "hairpin-waypoint",
      );
      assert.equal(metadata.labels?.team, "shop");
      const isAnnotated = metadata.annotations?.["example.com/cost"] === "42";
      assert.equal(isAnnotated, kind === "service" || kind === "deployment");
    }
    const { spec: { template } } = await cluster.untilThere<ReadDeployment>(
      "deployment",
      "first",
    );
    assert.equal(template.metadata.labels.team, "shop");
    assert.equal(template.metadata.annotations["example.com/cost"], undefined);
    const [container] = template.spec.containers;
    assert.equal(container?.image, "hairpin:1");
    assert.deepEqual(
      container?.env.find(({ name }) => name === "TRUST_DOMAIN")?.value,
      "corp",
    );
  },
);

async function accounts(name: string): Promise<string[]> {
  const read = await cluster.plane.get<Read>("clusterrolebinding", name);
  return (read.subjects ?? []).map((subject) => subject.name).toSorted();
}

deployerTest(
  "waypoints' accounts have their rights while their Gateways are there",
  async () => {
    await using _deployer = await cluster.run();
    await cluster.addGateway("second");
    await cluster.untilDeployed("second", "True");
    assert.ok((await accounts("hairpin-waypoints")).includes("second"));
    await cluster.plane.delete("gateway", "second");
    await eventually(
      "its account without rights",
      async () => !(await accounts("hairpin-waypoints")).includes("second"),
      WAIT_MS,
    );
  },
);

/** Of each object that the deployer made, its version. */
const versions = async (gateway: string): Promise<string[]> => {
  const list: string[] = [];
  for (const [kind, nameOf] of MADE) {
    const read = await cluster.untilThere(kind, nameOf(gateway));
    list.push(`${kind} ${read.metadata.resourceVersion}`);
  }
  const { metadata } = await cluster.plane.get<Read>(
    "clusterrolebinding",
    "hairpin-waypoints",
  );
  const read = await cluster.untilThere("gateway", gateway);
  return [
    ...list,
    `binding ${metadata.resourceVersion}`,
    `gateway ${read.metadata.resourceVersion}`,
  ];
};

deployerTest(
  "several deployers, one after the other and beside each other, write nothing twice",
  async () => {
    await cluster.addGateway("third");
    const first = await cluster.run();
    await cluster.untilDeployed("third", "True");
    const before = await versions("third");
    await first[Symbol.asyncDispose]();
    // What a Gateway leaves behind is for the garbage collector, which is not here.
    const gateways = await cluster.plane.kubectl([
      ...["get", "gateways", "-n", "default", "-o", "name"],
    ]);
    const since = applied();
    await using _second = await cluster.run();
    await using _third = await cluster.run();
    const due = since + 2 * gateways.trim().split("\n").length;
    await eventually(
      "both applied all again",
      () => Promise.resolve(applied() >= due),
      WAIT_MS,
    );
    assert.deepEqual(await versions("third"), before);
  },
);

/** How often a Deployment was applied so far. */
const applied = (): number =>
  cluster.plane.audit("system:serviceaccount:istio-system:hairpin-deployer")
    .filter(({ verb, resource, code }) =>
      verb === "patch" && resource === "deployments" && code < 300
    ).length;

deployerTest("another image, and another label, are applied", async () => {
  await cluster.addGateway("fourth");
  const old = await cluster.run();
  await cluster.untilDeployed("fourth", "True");
  await old[Symbol.asyncDispose]();
  await using _deployer = await cluster.run({ image: "hairpin:2" });
  await cluster.untilThere<ReadDeployment>(
    "deployment",
    "fourth",
    (found) => imageOf(found) === "hairpin:2",
  );
  for (const team of ["shop", "bank"]) {
    await cluster.addGateway("fourth", {
      spec: { infrastructure: { labels: { team } } },
    });
    await cluster.untilThere<ReadDeployment>(
      "deployment",
      "fourth",
      ({ spec }) => spec.template.metadata.labels.team === team,
    );
  }
  await cluster.addGateway("fourth");
  await cluster.untilThere<ReadDeployment>(
    "deployment",
    "fourth",
    ({ spec }) => spec.template.metadata.labels.team === undefined,
  );
});

deployerTest(
  "a Gateway with an address, and one of another class, are left alone",
  async () => {
    await using _deployer = await cluster.run();
    const value = "by-hand.default.svc.cluster.local";
    await cluster.addGateway("by-hand", {
      spec: { addresses: [{ type: "Hostname", value }] },
    });
    await cluster.addGateway("other", { className: "istio-waypoint" });
    await cluster.addGateway("after");
    await cluster.untilDeployed("after", "True");
    for (const name of ["by-hand", "other"]) {
      for (const [kind, nameOf] of MADE) {
        assert.equal(await cluster.find(kind, nameOf(name)), undefined);
      }
      const { status } = await cluster.plane.get<
        { status?: { conditions?: { type: string }[] } }
      >("gateway", name);
      const types = (status?.conditions ?? []).map(({ type }) => type);
      assert.ok(!types.includes("hairpin.dev/Deployed"));
    }
  },
);

/** A Deployment that somebody made by hand. */
const foreign = (name: string, labels: Record<string, string> = {}) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace: "default", labels },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: "app", image: "app:1" }] },
    },
  },
});

for (
  const [name, labels] of [
    ["without the label", {}],
    ["with the label", { "gateway.istio.io/managed": "hairpin.dev-waypoint" }],
  ] as const
) {
  deployerTest(
    `a Deployment of somebody else ${name} is not taken over, until it is gone`,
    async () => {
      const gateway = `taken-${Object.keys(labels).length}`;
      await cluster.plane.apply(foreign(gateway, labels));
      const before = await cluster.untilThere("deployment", gateway);
      await using _deployer = await cluster.run();
      await cluster.addGateway(gateway);
      await cluster.addGateway("beside");
      const { reason, message } = await cluster.untilDeployed(gateway, "False");
      assert.equal(reason, "Conflict");
      assert.match(
        message,
        new RegExp(`^Cannot take over Deployment "default/${gateway}": it `),
      );
      await cluster.untilDeployed("beside", "True");
      const after = await cluster.untilThere("deployment", gateway);
      assert.equal(
        after.metadata.resourceVersion,
        before.metadata.resourceVersion,
      );
      // Nothing else is made of what cannot be whole.
      assert.equal(await cluster.find("serviceaccount", gateway), undefined);
      assert.ok(!(await accounts("hairpin-waypoints")).includes(gateway));
      await eventually("an Event", async () =>
        (await cluster.plane.kubectl([
          ...["get", "events", "-n", "default", "-o", "json"],
          `--field-selector=involvedObject.name=${gateway}`,
        ])).includes("NotDeployed"), WAIT_MS);
      await cluster.plane.delete("deployment", gateway);
      await cluster.untilDeployed(gateway, "True");
    },
  );
}

deployerTest(
  "an account of somebody else gets no rights by a Gateway of its name",
  async () => {
    await cluster.plane.apply({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "robot", namespace: "default" },
    });
    await using _deployer = await cluster.run();
    await cluster.addGateway("robot");
    await cluster.untilDeployed("robot", "False");
    assert.ok(!(await accounts("hairpin-waypoints")).includes("robot"));
    assert.equal(await cluster.find("deployment", "robot"), undefined);
  },
);

for (
  const [folder, caSecret] of [
    ["waypoint", undefined],
    ["waypoint_alone", "hairpin-ca"],
  ] as const
) {
  deployerTest(
    `scripts/kubernetes/${folder} is what the deployer would make, by hand`,
    async () => {
      const objects = await manifestsIn(cluster.plane, folder);
      const manifest = objects.find(({ kind }) => kind === "Gateway");
      const read = parseObject(manifest);
      assert.ok(read.kind === "object" && read.object.kind === "Gateway");
      const settings = { image: "hairpin:latest", imagePullPolicy: undefined };
      for (
        const { metadata, ...rest } of waypointObjects(read.object, {
          ...settings,
          caSecret,
          variables: {},
        })
      ) {
        const { ownerReferences: _, labels, ...kept } = metadata;
        const { "gateway.istio.io/managed": __, ...own } = labels;
        const same = objects.find(({ kind, metadata }) =>
          kind === rest.kind && metadata.name === kept.name
        );
        const byHand = sortedByName({
          ...rest,
          metadata: { ...kept, labels: own },
        });
        assert.deepEqual(sortedByName(same), withoutManaged(byHand));
      }
    },
  );
}

/** In lists of named things the order says nothing. */
function sortedByName(value: unknown): unknown {
  if (Array.isArray(value)) {
    const nameOf = (item: unknown) => (item as { name?: string }).name ?? "";
    return value.map(sortedByName).sort((a, b) =>
      nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0
    );
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, sortedByName(item)]),
  );
}

/** Pods by hand are nobody's to manage. */
const withoutManaged = (object: unknown): unknown =>
  JSON.parse(JSON.stringify(
    object,
    (key, value) => key === "gateway.istio.io/managed" ? undefined : value,
  ));

deployerTest("an API server that was away is followed again", async () => {
  await cluster.addGateway("patient");
  await using _deployer = await cluster.run();
  await cluster.untilDeployed("patient", "True");
  await cluster.plane.stopApi();
  await cluster.plane.startApi();
  await cluster.plane.apply(gatewayObject("late"));
  await cluster.untilThere("deployment", "late");
});
