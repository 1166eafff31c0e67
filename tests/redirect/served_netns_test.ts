import assert from "node:assert/strict";
import { hasListener } from "../../src/redirect/served_netns.ts";

const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue\n";
const line = (local: string, state: string) =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000\n`;

const rows: [name: string, text: string, served: boolean][] = [
  ["a listener for what a pod sends", line("0100007F:3A99", "0A"), true],
  ["one for what comes to it", line(`${"0".repeat(32)}:3A9E`, "0A"), true],
  ["one for tunnels", line("00000000:1F90", "0A") + line("0:3AA0", "0A"), true],
  ["a connection of that port", line("0100007F:3A99", "01"), false],
  ["another's listener", line("00000000:1F90", "0A"), false],
  ["nothing", "", false],
];
for (const [name, text, served] of rows) {
  Deno.test(`hasListener() says ${served} to ${name}`, () => {
    assert.equal(hasListener(HEAD + text), served);
  });
}
