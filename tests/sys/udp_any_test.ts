import assert from "node:assert/strict";
import { decodePacketInfo, encodePacketInfo } from "../../src/sys/udp_any.ts";

const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(" ", ""));
const V4 = Uint8Array.of(192, 0, 2, 7);
const V6 = Uint8Array.of(0x20, 1, 0xd, 0xb8, ...new Uint8Array(11), 5);
/** As the kernel tells of them: interface 3, local address, address asked. */
const GOT_4 = "1c00000000000000 00000000 08000000 03000000 7f000001 c0000207";
const GOT_6 =
  "2400000000000000 29000000 32000000 20010db8000000000000000000000005 03000000";

Deno.test("encodePacketInfo() names the address to send from, and no interface", () => {
  const sent = "1c00000000000000 00000000 08000000 00000000 c0000207 00000000" +
    " 00000000";
  assert.deepEqual(encodePacketInfo(V4), hex(sent));
  const sent6 = GOT_6.replace(/03000000$/, "00000000 00000000");
  assert.deepEqual(encodePacketInfo(V6), hex(sent6));
});

const rows: [name: string, control: string, ip: Uint8Array | undefined][] = [
  ["finds the address asked, of IPv4", GOT_4, V4],
  ["finds the address asked, of IPv6", GOT_6, V6],
  ["finds it where the kernel padded the message", GOT_4 + "00000000", V4],
  ["finds none in no message", "", undefined],
  ["finds none in a message cut short", GOT_6.slice(0, -9), undefined],
  ["finds none in one of IPv4 cut short", GOT_4.slice(0, -9), undefined],
  [
    "finds none in a message of another kind",
    GOT_4.replace(" 08000000", " 02000000"),
    undefined,
  ],
];
for (const [name, control, ip] of rows) {
  Deno.test(`decodePacketInfo() ${name}`, () => {
    assert.deepEqual(decodePacketInfo(hex(control)), ip);
  });
}
