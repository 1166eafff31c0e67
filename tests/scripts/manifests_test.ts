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
    ["waypoint/rights.yaml", "waypoint/waypoint.yaml"],
    { ...waypoint, xds },
    OF_STATUSES,
  ],
  [
    "a waypoint alone",
    ["waypoint/rights.yaml", "waypoint_alone/rights.yaml"],
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
