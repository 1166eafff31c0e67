import assert from "node:assert/strict";
import { resolvePlaintextInbound } from "../../src/decide/plaintext_target.ts";
import { SELF_PORTS_WITH_SOCKS5 } from "../../src/decide/self_ports.ts";
import { at, pod, service, serving, stateOf } from "../support/sample_mesh.ts";

const web = service("web", ["10.1.0.1"]);
const a = pod("a", ["10.0.0.2"], serving("web"));
const state = stateOf({ workloads: [a], services: [web] });
const SELF = "attempted recursive call to ourselves";

const rows: [
  name: string,
  address: string,
  port: number,
  expected: { service: string | undefined } | { because: string },
][] = [
  ["delivers where it was going", "10.0.0.2", 8080, { service: "web" }],
  ["delivers to a port of no service", "10.0.0.2", 9, { service: undefined }],
  ["delivers to a foreign address", "192.0.2.1", 8080, { service: "web" }],
  ["refuses its outbound port", "10.0.0.2", 15001, { because: SELF }],
  ["refuses its plaintext port", "192.0.2.1", 15006, { because: SELF }],
  ["refuses its tunnel port", "::1", 15008, { because: SELF }],
];
for (const [name, address, port, expected] of rows) {
  Deno.test(`resolvePlaintextInbound() ${name}`, () => {
    const dst = at(address, port);
    const target = resolvePlaintextInbound(state, { pod: a, dst });
    if (target.kind === "refuse") {
      assert.deepEqual({ because: target.because }, expected);
    } else {
      assert.deepEqual(target.dst, dst);
      assert.deepEqual({ service: target.service?.name }, expected);
    }
  });
}

Deno.test("resolvePlaintextInbound() refuses the SOCKS5 port where that listener runs", () => {
  const call = { pod: a, dst: at("10.0.0.2", 15080) };
  const selfPorts = SELF_PORTS_WITH_SOCKS5;
  assert.equal(resolvePlaintextInbound(state, call).kind, "accept");
  const refused = resolvePlaintextInbound(state, { ...call, selfPorts });
  assert.equal(refused.kind, "refuse");
});
