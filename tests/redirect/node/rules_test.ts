import assert from "node:assert/strict";
import type { Ip } from "../../../src/model/address.ts";
import { bridgeRules } from "../../../src/redirect/node/bridge_rules.ts";
import {
  type CapturedAddress,
  ofFamily,
} from "../../../src/redirect/node/captured_pod.ts";
import { replaceTable } from "../../../src/redirect/node/nft_text.ts";
import { proxyRules } from "../../../src/redirect/node/proxy_rules.ts";
import { steeringRules } from "../../../src/redirect/node/steering_rules.ts";

const routed: CapturedAddress = { ip: "10.0.0.1" as Ip, link: "veth1" };
const bridged: CapturedAddress = {
  ip: "10.0.0.2" as Ip,
  link: "cni0",
  bridge: { mac: "02:00:00:00:00:01", port: "veth2" },
};
const portless: CapturedAddress = {
  ip: "10.0.0.3" as Ip,
  link: "cni0",
  bridge: { mac: "02:00:00:00:00:01" },
};
const loose: CapturedAddress = { ip: "10.0.0.4" as Ip };
const v6: CapturedAddress = { ip: "fd00::1" as Ip, link: "veth1" };
const ALL = [loose, v6, portless, bridged, routed];

/** What stands in the braces of a set or map, without blanks. */
function elementsOf(script: string, name: string): string[] {
  const block = script.split(` ${name} {\n`)[1]?.split("  }\n")[0] ?? "";
  const list = /elements = \{ (.*) \}/.exec(block)?.[1];
  return list === undefined ? [] : list.split(", ");
}

Deno.test("ofFamily() sorts the addresses of one family", () => {
  const four = ofFamily(ALL, 4).map(({ ip }) => ip);
  assert.deepEqual(four, ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"]);
  assert.deepEqual(ofFamily(ALL, 6), [v6]);
});

Deno.test("steeringRules() bind each address to the interface that is known", () => {
  const script = steeringRules(4, ofFamily(ALL, 4));
  const pods = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"];
  assert.deepEqual(elementsOf(script, "set pods"), pods);
  assert.deepEqual(elementsOf(script, "set pinned"), pods.slice(0, 3));
  assert.deepEqual(elementsOf(script, "set homes"), [
    '10.0.0.1 . "veth1"',
    '10.0.0.2 . "cni0"',
    '10.0.0.3 . "cni0"',
  ]);
  // A bridge is no single pod's.
  assert.deepEqual(elementsOf(script, "set pod-links"), ['"veth1"']);
});

Deno.test("rules lead the queries of those pods whose DNS is captured", () => {
  const pods = [{ ...routed, dns: true }, { ...bridged, dns: true }, portless];
  const asking = ["10.0.0.1", "10.0.0.2"];
  for (const rules of [steeringRules, proxyRules]) {
    assert.deepEqual(elementsOf(rules(4, pods), "set dns-pods"), asking);
    assert.deepEqual(elementsOf(rules(4, [portless]), "set dns-pods"), []);
  }
  const bridge = bridgeRules(pods);
  assert.deepEqual(elementsOf(bridge, "set asking4"), ["10.0.0.2"]);
});

Deno.test("steeringRules() name each interface once", () => {
  const twice = { ...routed, ip: "10.0.0.9" as Ip };
  const script = steeringRules(4, [routed, twice]);
  assert.deepEqual(elementsOf(script, "set pod-links"), ['"veth1"']);
});

Deno.test("steeringRules() of no pods have no empty list, which nft refuses", () => {
  for (const family of [4, 6] as const) {
    assert.doesNotMatch(steeringRules(family, []), /elements/);
    assert.doesNotMatch(proxyRules(family, []), /elements/);
  }
});

Deno.test("steeringRules() and proxyRules() speak of one family alone", () => {
  const four = steeringRules(4, [routed]) + proxyRules(4, [routed]);
  const six = steeringRules(6, [v6]) + proxyRules(6, [v6]);
  assert.doesNotMatch(four, /\bip6\b|ipv6_addr|::/);
  assert.doesNotMatch(six, /\bip\b|ipv4_addr|127\.0\.0\.1/);
});

Deno.test("proxyRules() end in a refusal wherever a listener may be missing", () => {
  const script = proxyRules(4, [routed]);
  for (const chain of script.split("  chain ").slice(1)) {
    const rules = chain.split("\n").map((line) => line.trim());
    const last = rules.findLastIndex((line) => line.includes("tproxy"));
    if (last === -1) continue;
    assert.match(rules[last + 1] ?? "", /reject with tcp reset$/);
  }
});

Deno.test("bridgeRules() take their table away where no pod is on a bridge", () => {
  assert.equal(
    bridgeRules([routed, loose]),
    "add table bridge hairpin-node\ndelete table bridge hairpin-node\n",
  );
});

Deno.test("bridgeRules() bind what has a port, and hand up what is on a bridge", () => {
  const script = bridgeRules(ALL);
  assert.deepEqual(elementsOf(script, "set pods4"), ["10.0.0.2", "10.0.0.3"]);
  assert.deepEqual(elementsOf(script, "set pinned4"), ["10.0.0.2"]);
  assert.deepEqual(elementsOf(script, "set homes4"), ['10.0.0.2 . "veth2"']);
  assert.deepEqual(elementsOf(script, "map bridges4"), [
    "10.0.0.2 : 02:00:00:00:00:01",
    "10.0.0.3 : 02:00:00:00:00:01",
  ]);
  assert.deepEqual(elementsOf(script, "set pods6"), []);
});

Deno.test("replaceTable() replaces in one transaction", () => {
  const block = { head: "set s", lines: ["type ifname", ""] };
  assert.equal(
    replaceTable("ip t", [block]),
    "add table ip t\ndelete table ip t\ntable ip t {\n" +
      "  set s {\n    type ifname\n  }\n}\n",
  );
});
