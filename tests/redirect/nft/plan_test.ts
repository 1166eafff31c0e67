import assert from "node:assert/strict";
import { planNft } from "../../../src/redirect/nft/plan.ts";
import { ruleLine } from "../../../src/redirect/nft/rule.ts";
import {
  DEFAULT_REDIRECT_OPTIONS,
  type RedirectOptions,
} from "../../../src/redirect/plan.ts";

const linesOf = (options: Partial<RedirectOptions>, chain: string) =>
  planNft({ ...DEFAULT_REDIRECT_OPTIONS, ...options })
    .find(({ name }) => name === "istio-ambient-nat")!.chains
    .find(({ name }) => name === chain)!.rules.map(ruleLine);

Deno.test("planNft() has no table for DNS without its capture", () => {
  const names = (dnsCapture: boolean) =>
    planNft({ ...DEFAULT_REDIRECT_OPTIONS, dnsCapture })
      .map(({ name }) => name);
  assert.deepEqual(names(false), ["istio-ambient-nat", "istio-ambient-mangle"]);
  assert.deepEqual(names(true), [
    "istio-ambient-nat",
    "istio-ambient-mangle",
    "istio-ambient-raw",
  ]);
});

Deno.test("planNft() leads what arrives at virtual interfaces out, before all else", () => {
  const virtualInterfaces = ["vnet+", "br0"];
  const lines = linesOf({ virtualInterfaces }, "istio-prerouting");
  assert.deepEqual(lines.slice(0, 4), [
    'iifname "vnet*" meta l4proto tcp counter redirect to :15001',
    'iifname "vnet*" meta l4proto tcp counter return',
    'iifname "br0" meta l4proto tcp counter redirect to :15001',
    'iifname "br0" meta l4proto tcp counter return',
  ]);
  assert.equal(lines.length, 8);
});

Deno.test("planNft() leaves inbound traffic of an ingress gateway alone", () => {
  assert.deepEqual(linesOf({ ingressMode: true }, "istio-prerouting"), []);
  assert.equal(linesOf({ ingressMode: true }, "istio-output").length, 7);
});

Deno.test("planNft() captures DNS of IPv4 alone without IPv6", () => {
  const lines = linesOf({ ipv6: false, dnsCapture: true }, "istio-output");
  assert.ok(lines.every((line) => !line.includes("ip6")));
  assert.deepEqual(lines.filter((line) => line.endsWith(":15053")), [
    'meta nfproto ipv4 oifname != "lo" meta mark & 0xfff != 0x539 udp dport 53 counter redirect to :15053',
    "ip daddr != 127.0.0.1 tcp dport 53 meta mark & 0xfff != 0x539 counter redirect to :15053",
  ]);
});

for (const name of ['e"; drop', "eth0 accept", "-x", "", "a".repeat(16)]) {
  Deno.test(`planNft() refuses the interface ${JSON.stringify(name)}`, () => {
    const options = { ...DEFAULT_REDIRECT_OPTIONS, virtualInterfaces: [name] };
    assert.throws(() => planNft(options), /^ConfigError: Cannot redirect/);
  });
}
