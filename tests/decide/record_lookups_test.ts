import assert from "node:assert/strict";
import { recordLookups } from "../../src/decide/record_lookups.ts";
import { EMPTY_DELTA } from "../../src/model/delta.ts";
import { type MeshReader, MeshState } from "../../src/model/mesh_state.ts";
import { serviceKey } from "../../src/model/service.ts";
import { ip, pod, service } from "../support/sample_mesh.ts";

const cart = pod("cart", ["10.0.0.1"]);
const web = service("web", ["10.96.0.1"]);
const state = new MeshState();
state.apply({ ...EMPTY_DELTA, workloads: [cart], services: [web] });

const rows: [
  what: string,
  look: (mesh: MeshReader) => unknown,
  missed: string[],
][] = [
  ["workloadByIp", (m) => m.workloadByIp("", ip("10.0.0.1")), []],
  ["workloadByIp", (m) => m.workloadByIp("n", ip("10.0.0.1")), ["n/10.0.0.1"]],
  ["serviceByVip", (m) => m.serviceByVip("", ip("10.96.0.1")), []],
  ["serviceByVip", (m) => m.serviceByVip("", ip("fd00::9")), ["/fd00::9"]],
  ["findAddress", (m) => m.findAddress("", ip("10.96.0.1")), []],
  ["findAddress", (m) => m.findAddress("", ip("10.0.0.1")), []],
  ["findAddress", (m) => m.findAddress("", ip("10.0.0.9")), ["/10.0.0.9"]],
  ["serviceByKey", (m) => m.serviceByKey(serviceKey(web)), []],
  ["serviceByKey", (m) => m.serviceByKey("a/b.example"), ["a/b.example"]],
  [
    "serviceByHostname",
    (m) => m.serviceByHostname("b.example", "a"),
    ["a/b.example"],
  ],
  ["serviceByHostname", (m) => m.serviceByHostname("b.example"), []],
  [
    "workloadByHostname",
    (m) => m.workloadByHostname("a", "b.example"),
    ["a/b.example"],
  ],
  ["workloadByUid", (m) => m.workloadByUid("none"), []],
  ["endpoints", (m) => [...m.endpoints("a/b")], []],
  ["workloads", (m) => m.workloads.get(cart.uid)?.name, []],
  ["policiesFor", (m) => m.policiesFor(cart), []],
];
for (const [what, look, names] of rows) {
  Deno.test(`recordLookups() of ${what} notes [${names}]`, () => {
    const missed = new Set<string>();
    assert.deepEqual(look(recordLookups(state, missed)), look(state));
    assert.deepEqual([...missed], names);
  });
}
