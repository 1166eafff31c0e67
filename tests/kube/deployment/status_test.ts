import assert from "node:assert/strict";
import {
  type CurrentStatus,
  deployedStatusPlan,
  type DeploymentState,
  ownershipOf,
} from "../../../src/kube/mod.ts";

const MINE = { type: "Programmed", status: "True", reason: "Programmed" };
const NOW = "2026-01-01T00:00:00Z";

const current = (
  conditions: readonly object[],
  more: Partial<CurrentStatus> = {},
): CurrentStatus => ({
  kind: "Gateway",
  namespace: "shop",
  name: "wp",
  generation: 2,
  status: { conditions },
  ...more,
});

const planned = (
  state: DeploymentState | "none" | undefined,
  status: CurrentStatus,
) =>
  deployedStatusPlan((key) => key === "shop/wp" ? state : undefined)(
    status,
    NOW,
  );

const DEPLOYED = {
  type: "hairpin.dev/Deployed",
  status: "True",
  reason: "Deployed",
  message: "",
  observedGeneration: 2,
  lastTransitionTime: NOW,
};

Deno.test("deployedStatusPlan() adds its condition, and leaves all others alone", () => {
  assert.deepEqual(planned({ kind: "deployed" }, current([MINE])), {
    conditions: [MINE, DEPLOYED],
  });
  const failed = { kind: "failed", reason: "Conflict", message: "no" } as const;
  assert.deepEqual(planned(failed, current([MINE, DEPLOYED])), {
    conditions: [MINE, {
      ...DEPLOYED,
      status: "False",
      reason: "Conflict",
      message: "no",
    }],
  });
});

Deno.test("deployedStatusPlan() writes nothing where it is said, not known or no Gateway", () => {
  const said = current([DEPLOYED]);
  assert.equal(planned({ kind: "deployed" }, said), undefined);
  assert.equal(planned(undefined, current([])), undefined);
  assert.equal(planned("none", current([MINE])), undefined);
  assert.equal(planned("none", current([], { status: {} })), undefined);
  const route = current([], { kind: "HTTPRoute" });
  assert.equal(planned({ kind: "deployed" }, route), undefined);
});

Deno.test("deployedStatusPlan() takes its condition from what is not deployed", () => {
  assert.deepEqual(planned("none", current([MINE, DEPLOYED])), {
    conditions: [MINE],
  });
});

const object = (labels: object, managers: readonly (readonly string[])[]) => ({
  metadata: {
    uid: "u",
    labels,
    managedFields: managers.map(([manager, operation]) => ({
      manager,
      operation,
    })),
  },
});
const LABEL = { "gateway.istio.io/managed": "hairpin.dev-waypoint" };
const APPLY = ["hairpin-deployer", "Apply"];

const rows: [name: string, raw: unknown, why: string | undefined][] = [
  [
    "takes what it applied, whoever else wrote to it",
    object(LABEL, [["kubectl", "Update"], APPLY]),
    undefined,
  ],
  [
    "leaves what has no label",
    object({}, [APPLY]),
    "does not have the label gateway.istio.io/managed=hairpin.dev-waypoint",
  ],
  [
    "leaves what has Istio's label",
    object({ "gateway.istio.io/managed": "istio.io-mesh-controller" }, [APPLY]),
    "does not have the label gateway.istio.io/managed=hairpin.dev-waypoint",
  ],
  [
    "leaves a copy",
    object(LABEL, [["kubectl", "Apply"], ["hairpin-deployer", "Update"]]),
    "was not applied by hairpin-deployer",
  ],
  ["leaves what it cannot read", { metadata: 1 }, "cannot be read"],
];
for (const [name, raw, why] of rows) {
  Deno.test(`ownershipOf() ${name}`, () => {
    assert.deepEqual(
      ownershipOf(raw),
      why === undefined ? { ours: true, uid: "u" } : { ours: false, why },
    );
  });
}
