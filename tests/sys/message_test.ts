import assert from "node:assert/strict";
import type { Fd } from "../../src/sys/libc.ts";
import { decodeRights, encodeRights } from "../../src/sys/message.ts";

const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(" ", ""));
const ONE = "1400000000000000 01000000 01000000 07000000 00000000";
const OTHER = "1400000000000000 01000000 02000000 09000000 00000000";
const TWO = "1800000000000000 01000000 01000000 08000000 09000000";

Deno.test("encodeRights() writes one control message", () => {
  assert.deepEqual(encodeRights([7 as Fd]), hex(ONE));
  assert.deepEqual(encodeRights([8 as Fd, 9 as Fd]), hex(TWO));
  assert.equal(encodeRights([]).length, 0);
});

const rows: [name: string, octets: string, fds: number[]][] = [
  ["no message", "", []],
  ["one descriptor", ONE, [7]],
  ["two in one message", TWO, [8, 9]],
  ["two messages", ONE + TWO, [7, 8, 9]],
  ["another kind before it", OTHER + ONE, [7]],
  ["a message cut short", TWO.slice(0, -9), [8]],
  ["a length beyond the end", ONE.replace("14", "ff"), [7, 0]],
  ["a length of 0", ONE.replace("14", "00"), []],
];
for (const [name, octets, fds] of rows) {
  Deno.test(`decodeRights() finds the descriptors of ${name}`, () => {
    assert.deepEqual(decodeRights(hex(octets)), fds);
  });
}
