import assert from "node:assert/strict";
import {
  chooseServiceWaypoint,
  possibleWaypoints,
} from "../../src/decide/waypoint.ts";
import { atHostname, pod, service } from "../support/sample_mesh.ts";

const weighted = (...weights: readonly number[]) => ({
  weightedWaypoints: weights.map((weight, i) => ({
    destination: atHostname(`w${i}`),
    weight,
  })),
});
const plain = { waypoint: atHostname("plain") };

const rows: [
  name: string,
  fields: Parameters<typeof service>[2],
  chance: number,
  hostname: string | undefined,
][] = [
  ["has none", {}, 0, undefined],
  ["takes the plain one", plain, 0, "plain"],
  ["takes a weighted one first", { ...plain, ...weighted(1) }, 0, "w0"],
  ["takes turns by weight", weighted(1, 9), 0.05, "w0"],
  ["takes turns by weight", weighted(1, 9), 0.15, "w1"],
  ["never takes one of weight 0", weighted(0, 1), 0, "w1"],
  ["falls back when all weigh 0", { ...plain, ...weighted(0, 0) }, 0, "plain"],
  ["has none when all weigh 0", weighted(0), 0, undefined],
];
for (const [name, fields, chance, hostname] of rows) {
  Deno.test(`chooseServiceWaypoint() ${name}, at ${chance}`, () => {
    const chosen = chooseServiceWaypoint(
      service("web", [], fields),
      () => chance,
    );
    const expected = hostname === undefined ? undefined : atHostname(hostname);
    assert.deepEqual(chosen, expected);
  });
}

Deno.test("possibleWaypoints() lists the plain and the weighted ones in use", () => {
  const web = service("web", [], { ...plain, ...weighted(0, 2) });
  assert.deepEqual(possibleWaypoints({ kind: "service", service: web }), [
    atHostname("plain"),
    atHostname("w1"),
  ]);
  const workload = pod("a", [], plain);
  assert.deepEqual(possibleWaypoints({ kind: "workload", workload }), [
    atHostname("plain"),
  ]);
  assert.deepEqual(
    possibleWaypoints({ kind: "workload", workload: pod("a", []) }),
    [],
  );
});
