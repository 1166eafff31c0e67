import assert from "node:assert/strict";
import {
  isOutboundSelfCall,
  SELF_PORTS,
  SELF_PORTS_WITH_SOCKS5,
} from "../../src/decide/self_ports.ts";
import { at } from "../support/sample_mesh.ts";

const rows: [address: string, port: number, self: boolean, socks5: boolean][] =
  [
    ["127.0.0.1", 15001, true, true],
    ["127.8.0.1", 15006, true, true],
    ["::1", 15008, true, true],
    ["::ffff:127.0.0.1", 15008, true, true],
    ["127.0.0.1", 15080, false, true],
    ["127.0.0.1", 80, false, false],
    ["10.0.0.1", 15008, false, false],
  ];
for (const [address, port, self, socks5] of rows) {
  Deno.test(`isOutboundSelfCall() of ${address} port ${port}`, () => {
    const target = at(address, port);
    assert.equal(isOutboundSelfCall(target, SELF_PORTS), self);
    assert.equal(isOutboundSelfCall(target, SELF_PORTS_WITH_SOCKS5), socks5);
  });
}
