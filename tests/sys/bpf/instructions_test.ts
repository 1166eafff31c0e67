import assert from "node:assert/strict";
import {
  add,
  addConstant,
  assemble,
  call,
  exit,
  jump,
  jumpIfAbove,
  jumpIfEqual,
  jumpIfSame,
  label,
  load,
  loadMap,
  move,
  set,
  store,
  storeConstant,
  xorConstant,
} from "../../../src/sys/bpf/instructions.ts";

const hex = (octets: Uint8Array) => octets.toHex();

/** As the kernel's headers and RFC 9669 have them. */
const ENCODED = [
  [set(0, 1), "b700000001000000"],
  [set(1, -1), "b7010000ffffffff"],
  [move(6, 1), "bf16000000000000"],
  [add(1, 9), "0f91000000000000"],
  [addConstant(2, -8), "07020000f8ffffff"],
  [xorConstant(3, 1), "a703000001000000"],
  [load(4, 7, 0, 0), "6107000000000000"],
  [load(8, 1, 8, 16), "7981100000000000"],
  [store(4, 10, -16, 7), "637af0ff00000000"],
  [store(8, 8, 24, 1), "7b18180000000000"],
  [storeConstant(8, 8, 40, 1), "7a08280001000000"],
  [loadMap(1, 7), "18110000070000000000000000000000"],
  [call(46), "850000002e000000"],
  [exit(), "9500000000000000"],
] as const;

for (const [step, expected] of ENCODED) {
  Deno.test(`assemble() encodes ${expected}`, () => {
    assert.equal(hex(assemble([step])), expected);
  });
}

Deno.test("assemble() resolves jumps both ways, over constants of two places", () => {
  const octets = assemble([
    label("start"),
    jumpIfEqual(1, 5, "end"),
    loadMap(2, 3),
    jumpIfAbove(1, 2, "start"),
    jumpIfSame(1, 2, "end"),
    jump("start"),
    label("end"),
    exit(),
  ]);
  const offsets = [0, 3, 4, 5].map((at) =>
    new DataView(octets.buffer).getInt16(at * 8 + 2, true)
  );
  assert.deepEqual(offsets, [5, -4, 1, -6]);
});

Deno.test("assemble() takes no label twice and no jump to nowhere", () => {
  assert.throws(() => assemble([label("a"), label("a")]), /label a twice/);
  assert.throws(() => assemble([jump("b")]), /no label b/);
});
