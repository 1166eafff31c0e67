import assert from "node:assert/strict";
import { nextHopOf, pickResolved } from "../../src/decide/next_hop.ts";
import type { Service } from "../../src/model/service.ts";
import { ip, pod } from "../support/sample_mesh.ts";

type Families = Service["ipFamilies"];
const V4 = "10.0.0.5";
const V6 = "fd00::5";

const rows: [
  name: string,
  ips: string[],
  near: string,
  families: Families,
  found: string | undefined,
][] = [
  ["takes the address that was called", [V4, V6], V6, "IPv4", V6],
  ["takes the first of the same family", [V4, V6], "fd00::9", undefined, V6],
  ["takes the first of the same family", [V6, V4], "10.9.9.9", undefined, V4],
  ["takes the other family if it must", [V4], "fd00::9", undefined, V4],
  ["keeps to the service's only family", [V4, V6], "10.9.9.9", "IPv6", V6],
  ["lets Dual restrict nothing", [V4, V6], "10.9.9.9", "Dual", V4],
  ["finds none of a family that is missing", [V4], V6, "IPv6", undefined],
  ["finds none at all", [], V4, undefined, undefined],
];
for (const [name, ips, near, families, found] of rows) {
  Deno.test(`nextHopOf() ${name}: ${ips} near ${near}`, () => {
    const hop = nextHopOf(pod("a", ips), ip(near), families);
    const expected = found === undefined
      ? undefined
      : { kind: "ip", ip: found };
    assert.deepEqual(hop, expected);
  });
}

Deno.test("nextHopOf() takes a hostname when no address is left", () => {
  const named = pod("a", [V4], { hostname: "db.example" });
  assert.deepEqual(nextHopOf(named, ip(V6), "IPv6"), {
    kind: "hostname",
    hostname: "db.example",
  });
  assert.equal(nextHopOf(named, ip(V6), undefined)?.kind, "ip");
});

const resolved: [
  name: string,
  ips: string[],
  chance: number,
  found: string | undefined,
][] = [
  ["takes any of the same family", [V6, V4, "10.0.0.6"], 0, V4],
  ["takes any of the same family", [V6, V4, "10.0.0.6"], 0.99, "10.0.0.6"],
  ["takes the other family if it must", [V6], 0.99, V6],
  ["finds none among none", [], 0, undefined],
];
for (const [name, ips, chance, found] of resolved) {
  Deno.test(`pickResolved() ${name}: ${ips} at ${chance}`, () => {
    const picked = pickResolved(ips.map(ip), ip("10.9.9.9"), () => chance);
    assert.equal(picked, found);
  });
}
