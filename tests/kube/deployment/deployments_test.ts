import assert from "node:assert/strict";
import fc from "fast-check";
import type { AppliedObject } from "../../../src/kube/mod.ts";
import { linesOf, type Raw } from "../objects.ts";
import { gateway, SETTINGS, wantedOf } from "./gateways.ts";

const kindOf = (made: Raw): string => wantedOf([made])[0]?.want.kind ?? "none";

const rows: [name: string, made: Raw, kind: string][] = [
  ["deploys a Gateway of hairpin's class", gateway("wp"), "objects"],
  [
    "leaves a Gateway with a host name's address",
    gateway("wp", { addresses: [{ type: "Hostname", value: "a.b" }] }),
    "left",
  ],
  [
    "leaves a Gateway with an IP address",
    gateway("wp", { addresses: [{ value: "10.0.0.1" }] }),
    "left",
  ],
  [
    "knows nothing of another class",
    gateway("wp", { gatewayClassName: "istio-waypoint" }),
    "none",
  ],
  [
    "knows nothing of a class that is not there",
    gateway("wp", { gatewayClassName: "gone" }),
    "none",
  ],
  [
    "makes nothing for a Gateway that is being deleted",
    gateway("wp", {}, { deletionTimestamp: "2026-01-01T00:00:00Z" }),
    "none",
  ],
  [
    "refuses what it cannot make",
    gateway("wp", { infrastructure: { parametersRef: { name: "a" } } }),
    "refused",
  ],
];
for (const [name, made, kind] of rows) {
  Deno.test(`wantedDeployments() ${name}`, () => {
    assert.equal(kindOf(made), kind);
  });
}

function objectsFor(
  made: Raw,
  settings = SETTINGS,
): ReadonlyMap<string, AppliedObject> {
  const { want } = wantedOf([made], settings)[0]!;
  assert.equal(want.kind, "objects");
  return new Map(
    (want as { objects: readonly AppliedObject[] }).objects.map((object) => [
      object.kind,
      object,
    ]),
  );
}

interface Pod {
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly serviceAccountName: string;
    readonly containers: readonly (Readonly<Record<string, unknown>> & {
      readonly args: readonly string[];
      readonly env: readonly { readonly name: string; value?: string }[];
    })[];
  };
}

const podOf = (made: Raw, settings = SETTINGS): Pod =>
  (objectsFor(made, settings).get("Deployment")?.spec as { template: Pod })
    .template;

Deno.test("every object is the Gateway's own: name, namespace, owner, labels", () => {
  for (const [kind, { metadata }] of objectsFor(gateway("shop/wp"))) {
    const name = kind === "RoleBinding" ? "hairpin-waypoint-pods-wp" : "wp";
    assert.equal(metadata.name, name);
    assert.equal(metadata.namespace, "shop");
    assert.deepEqual(metadata.ownerReferences, [{
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "Gateway",
      name: "wp",
      uid: "uid-shop/wp",
    }]);
    assert.equal(
      metadata.labels["gateway.istio.io/managed"],
      "hairpin.dev-waypoint",
    );
    assert.equal(
      metadata.labels["gateway.networking.k8s.io/gateway-name"],
      "wp",
    );
    assert.equal(
      metadata.labels["gateway.networking.k8s.io/gateway-class-name"],
      "hairpin-waypoint",
    );
  }
});

Deno.test("a Gateway's labels are on all objects and the pods, its annotations not on the account and the pods", () => {
  const made = gateway("wp", {
    infrastructure: { labels: { team: "a" }, annotations: { "x.y/z": "1" } },
  });
  for (const [kind, { metadata }] of objectsFor(made)) {
    assert.equal(metadata.labels.team, "a");
    const has = metadata.annotations?.["x.y/z"] === "1";
    assert.equal(has, kind === "Service" || kind === "Deployment");
  }
  const { labels, annotations } = podOf(made).metadata;
  assert.equal(labels.team, "a");
  assert.deepEqual(Object.keys(annotations).sort(), [
    "prometheus.io/port",
    "prometheus.io/scrape",
  ]);
});

Deno.test("without istiod the pod has the Secret, and no binding for pods is made", () => {
  const settings = { ...SETTINGS, caSecret: "the-ca" };
  const objects = objectsFor(gateway("wp"), settings);
  assert.deepEqual([...objects.keys()], [
    "ServiceAccount",
    "Service",
    "Deployment",
  ]);
  const { spec } = podOf(gateway("wp"), settings);
  assert.deepEqual(spec.containers[0]?.args, [
    "--mode=waypoint",
    "--gateway=$(POD_NAMESPACE)/wp",
    "--kube=in-cluster",
    "--ca-dir=/etc/hairpin/ca",
  ]);
  assert.deepEqual(spec.volumes, [
    { name: "ca", secret: { secretName: "the-ca", defaultMode: 0o400 } },
    { name: "tmp", emptyDir: {} },
  ]);
});

Deno.test("settings of all waypoints are in the container, and replicas are nobody's", () => {
  const settings = {
    ...SETTINGS,
    imagePullPolicy: "Always",
    variables: { TRUST_DOMAIN: "corp" },
  } as const;
  const deployment = objectsFor(gateway("wp"), settings).get("Deployment");
  assert.ok(!Object.hasOwn(deployment?.spec as object, "replicas"));
  const [container] = podOf(gateway("wp"), settings).spec.containers;
  assert.equal(container?.imagePullPolicy, "Always");
  assert.deepEqual(
    container?.env.at(-1),
    { name: "TRUST_DOMAIN", value: "corp" },
  );
});

/** What a Gateway's author may write wherever there is text. */
const words = fc.oneof(
  fc.constantFrom(
    "privileged",
    "hostNetwork",
    "kubernetes.io/os",
    "istio.io/dataplane-mode",
    "sidecar.istio.io/inject",
    "gateway.networking.k8s.io/gateway-name",
    "app.kubernetes.io/name",
    "$(HOSTNAME)",
    "__proto__",
    "constructor",
    "team",
    "example.com/team",
    "true",
  ),
  fc.string({ maxLength: 80 }),
);
const infrastructure = fc.record({
  labels: fc.dictionary(words, words, { maxKeys: 9 }),
  annotations: fc.dictionary(words, words, { maxKeys: 9 }),
}, { requiredKeys: [] });

Deno.test("whatever a Gateway says, its pod is the same but for plain labels", () => {
  const plain = podOf(gateway("wp"));
  fc.assert(fc.property(infrastructure, (infrastructure) => {
    const made = gateway("wp", { infrastructure });
    if (linesOf(made).length > 0) return;
    const [deployment] = wantedOf([made]);
    if (deployment?.want.kind !== "objects") return;
    const { spec } = deployment.want.objects.find(({ kind }) =>
      kind === "Deployment"
    )!;
    const { metadata, spec: pod } = (spec as { template: Pod }).template;
    assert.deepEqual(pod, plain.spec);
    assert.deepEqual(metadata.annotations, plain.metadata.annotations);
    for (const [key, value] of Object.entries(plain.metadata.labels)) {
      assert.equal(metadata.labels[key], value);
    }
  }));
});

Deno.test("the same Gateway gives the same objects, in whatever order its labels are read", () => {
  const wanted = (labels: Raw) =>
    wantedOf([gateway("wp", { infrastructure: { labels } })]);
  assert.deepEqual(wanted({ a: "1", b: "2" }), wanted({ b: "2", a: "1" }));
});
