/** What the shipped roles grant, set beside what the code asks for. */
import assert from "node:assert/strict";
import type { Config } from "../../src/config/mod.ts";
import { RESOURCES } from "../../src/control/kube_api/resources.ts";
import { STATUS_KINDS } from "../../src/kube/mod.ts";
import { kubeScopes } from "../../src/modes/kube_scopes.ts";
import {
  type Manifest,
  MANIFESTS,
  parseManifests,
  rightsOf,
  titleOf,
} from "../support/manifests.ts";

const read = (path: string): Manifest[] =>
  parseManifests(Deno.readTextFileSync(`${MANIFESTS}/${path}`));

const xds: NonNullable<Config["xds"]> = {
  address: "https://istiod:15012",
  roots: { kind: "system" },
  alternativeHostname: undefined,
  headers: {},
  onDemand: false,
};
const gateway = { namespace: "default", name: "waypoint" };
const node = { mode: "node", gateway, nodeName: "n", xds: undefined } as const;
const waypoint = { ...node, mode: "waypoint" } as const;

const OF_STATUSES = [...STATUS_KINDS].map((kind) => {
  const { group, plural } = RESOURCES[kind];
  return titleOf({ verb: "patch", group, resource: `${plural}/status` });
});
const OF_PODS = ["patch pods/status", "create events"];

const rows: [
  name: string,
  paths: string[],
  asked: Parameters<typeof kubeScopes>[0],
  writes: string[],
][] = [
  ["a node alone", ["alone/rights.yaml"], node, OF_PODS],
  [
    "a node under istiod that enrols pods itself",
    ["istio_self/rights.yaml"],
    { ...node, xds },
    OF_PODS,
  ],
  [
    "a waypoint under istiod",
    ["waypoint_rights/roles.yaml", "waypoint_rights/pods.yaml"],
    { ...waypoint, xds },
    OF_STATUSES,
  ],
  [
    "a waypoint alone",
    ["waypoint_rights/roles.yaml", "waypoint_rights_alone/roles.yaml"],
    waypoint,
    OF_STATUSES,
  ],
];

for (const [name, paths, asked, writes] of rows) {
  Deno.test(`the rights of ${name} are what it uses`, () => {
    const granted = rightsOf(paths.flatMap(read)).map(titleOf);
    const reads = kubeScopes(asked).flatMap(({ kind }) => {
      const { group, plural: resource } = RESOURCES[kind];
      return ["list", "watch"].map((verb) =>
        titleOf({ verb, group, resource })
      );
    });
    assert.deepEqual(granted.toSorted(), [...reads, ...writes].toSorted());
  });
}

Deno.test("a node under istiod and the node agent has no right at all", () => {
  const objects = read("istio/node.yaml");
  assert.deepEqual(rightsOf(objects), []);
  const pod = objects.find(({ kind }) => kind === "DaemonSet")?.spec as {
    template: { spec: { automountServiceAccountToken?: boolean } };
  };
  assert.equal(pod.template.spec.automountServiceAccountToken, false);
});

interface Template {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly containers: readonly {
      readonly ports: readonly { readonly containerPort: number }[];
    }[];
  };
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: "In";
    readonly values: readonly string[];
  }[];
}

const specOf = <T>(objects: readonly Manifest[], kind: string): T =>
  objects.find((object) => object.kind === kind)!.spec as T;

const templateOf = (path: string, kind: string): Template =>
  specOf<{ template: Template }>(read(path), kind).template;

const selects = (selector: Selector, { metadata: { labels } }: Template) =>
  Object.entries(selector.matchLabels ?? {})
    .every(([key, value]) => labels[key] === value) &&
  (selector.matchExpressions ?? [])
    .every(({ key, values }) => values.includes(labels[key] ?? ""));

Deno.test("Prometheus finds each kind of pod, at a port that it has", () => {
  const monitors = read("monitoring/pod_monitors.yaml").map(({ spec }) =>
    spec as {
      readonly selector: Selector;
      readonly podMetricsEndpoints: readonly { readonly portNumber: number }[];
    }
  );
  const pods = [
    templateOf("istio/node.yaml", "DaemonSet"),
    templateOf("alone/node.yaml", "DaemonSet"),
    templateOf("waypoint/waypoint.yaml", "Deployment"),
    templateOf("deployer/deployer.yaml", "Deployment"),
  ];
  for (const pod of pods) {
    const found = monitors.filter(({ selector }) => selects(selector, pod));
    assert.ok(found.length > 0, JSON.stringify(pod.metadata.labels));
    const ports = pod.spec.containers[0]!.ports.map((port) =>
      port.containerPort
    );
    for (const { podMetricsEndpoints } of found) {
      assert(ports.includes(podMetricsEndpoints[0]!.portNumber));
    }
  }
});

Deno.test("a waypoint's Service, disruption budget and autoscaler are of its pods", () => {
  const objects = read("waypoint/waypoint.yaml");
  const pod = templateOf("waypoint/waypoint.yaml", "Deployment");
  const budget = specOf<{ selector: Selector }>(objects, "PodDisruptionBudget");
  assert(selects(budget.selector, pod));
  const { selector } = specOf<{ selector: Record<string, string> }>(
    objects,
    "Service",
  );
  assert(selects({ matchLabels: selector }, pod));
  const { scaleTargetRef } = specOf<{ scaleTargetRef: object }>(
    objects,
    "HorizontalPodAutoscaler",
  );
  const { metadata: { name }, kind, apiVersion } = objects.find(({ kind }) =>
    kind === "Deployment"
  )!;
  assert.deepEqual(scaleTargetRef, { apiVersion, kind, name });
});
