import assert from "node:assert/strict";
import { otherNetnsOwner } from "../../src/decide/netns_owner.ts";
import { parseIp } from "../../src/model/address.ts";
import { EMPTY_DELTA } from "../../src/model/delta.ts";
import { MeshState } from "../../src/model/mesh_state.ts";
import { DEFAULT_WORKLOAD, type Workload } from "../../src/model/workload.ts";

const ip = (text: string) => parseIp(text)!;

const workload = (name: string, address: string, more: Partial<Workload>) => ({
  ...DEFAULT_WORKLOAD,
  uid: `Kubernetes//Pod/shop/${name}`,
  name,
  namespace: "shop",
  ips: [ip(address)],
  node: "node-1",
  ...more,
});

const mesh = new MeshState();
mesh.apply({
  ...EMPTY_DELTA,
  workloads: [
    workload("cart", "10.0.0.1", {}),
    workload("web", "10.0.0.2", {}),
    workload("far", "10.0.0.3", { node: "node-2" }),
    workload("entry", "10.0.0.4", {
      uid: "Kubernetes/networking.istio.io/WorkloadEntry/shop/entry",
    }),
    workload("host", "10.0.0.5", { networkMode: "HostNetwork" }),
    workload("elsewhere", "10.0.0.6", { network: "net2" }),
  ],
});

const rows: [name: string, addresses: string[], owner: string | undefined][] = [
  ["lets a pod have its own addresses", ["10.0.0.1"], undefined],
  ["finds another pod's address", ["10.0.0.2"], "web"],
  ["believes one address of its own", ["10.0.0.2", "10.0.0.1"], undefined],
  ["does not mind addresses of nobody", ["10.9.9.9", "fd00::1"], undefined],
  ["finds the other pod beside nobody's", ["10.9.9.9", "10.0.0.2"], "web"],
  ["leaves other nodes' pods alone", ["10.0.0.3"], undefined],
  ["leaves workloads that are no pods alone", ["10.0.0.4"], undefined],
  ["leaves the node's own address alone", ["10.0.0.5"], undefined],
  ["leaves other networks alone", ["10.0.0.6"], undefined],
  ["has nothing against no address at all", [], undefined],
];
for (const [name, addresses, owner] of rows) {
  Deno.test(`otherNetnsOwner() ${name}`, () => {
    const found = otherNetnsOwner(
      { name: "cart", namespace: "shop" },
      addresses.map(ip),
      mesh,
      { network: "", node: "node-1" },
    );
    assert.equal(found?.name, owner);
  });
}

Deno.test("otherNetnsOwner() finds the other pod also for one that is not known", () => {
  const found = otherNetnsOwner(
    { name: "new", namespace: "shop" },
    [ip("10.0.0.2")],
    mesh,
    { network: "", node: "node-1" },
  );
  assert.equal(found?.name, "web");
});
