import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type HeaderField,
  type HeaderList,
  HpackDecoder,
  HpackEncoder,
  HpackError,
} from "../../../src/wire/hpack/mod.ts";
import { hex } from "./vectors.ts";

function block(encoder: HpackEncoder, fields: HeaderList): Uint8Array {
  const octets = new Uint8Array(encoder.lengthMax(fields));
  return octets.slice(0, encoder.encode(fields, octets, 0));
}

const name = fc.oneof(
  fc.constantFrom(":path", "cookie", "x-a", "x-b", "content-type", "accept"),
  fc.stringMatching(/^[a-z0-9-]{1,24}$/),
);
const value = fc.oneof(
  fc.constantFrom("", "1", "text/plain", "y".repeat(2000), "z".repeat(5000)),
  fc.uint8Array({ maxLength: 80 }).map((octets) =>
    String.fromCharCode(...octets)
  ),
);
const field: fc.Arbitrary<HeaderField> = fc.tuple(name, value);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.array(field, { maxLength: 12 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 8192 }) },
);

Deno.test("HpackDecoder follows HpackEncoder through any blocks and sizes", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder(1e9);
    for (const step of steps) {
      if (typeof step === "number") {
        encoder.setPeerTableSize(step);
        decoder.setTableSizeMax(step);
        continue;
      }
      const { fields } = decoder.decode(block(encoder, step));
      assert.deepEqual(fields.map(([n, v]) => [n, v]), step);
      assert.deepEqual(
        decoder.tableEntries().map(([n, v]) => [n, v]),
        encoder.tableEntries().map(([n, v]) => [n, v]),
      );
    }
  }));
});

Deno.test("HpackDecoder never throws anything but HpackError", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
    try {
      new HpackDecoder(65_536).decode(octets);
    } catch (error) {
      assert.ok(error instanceof HpackError);
    }
  }));
});

const refused: [name: string, octets: string][] = [
  ["index 0", "80"],
  ["an index past both tables", "be"],
  ["an index past the limit of an integer", "ffffffffffff7f"],
  ["an integer cut short", "ff80"],
  ["a literal without its name", "40"],
  ["a literal without its value", "400161"],
  ["a string longer than the block", "40016105"],
  ["a name by an index past both tables", "7f00 0161"],
  ["a size update above the limit", "3fe21f"],
  ["a size update after a field", "8220"],
  ["a third size update", "202020"],
];
for (const [name, octets] of refused) {
  Deno.test(`HpackDecoder refuses ${name}`, () => {
    assert.throws(
      () => new HpackDecoder(65_536).decode(hex(octets)),
      HpackError,
    );
  });
}

Deno.test("HpackDecoder refuses a block that does not shrink the table", () => {
  const decoder = new HpackDecoder(65_536);
  decoder.setTableSizeMax(100);
  assert.throws(() => decoder.decode(hex("82")), /table was not shrunk/);
});

Deno.test("HpackDecoder leaves out what is above the list limit, keeps its table", () => {
  const encoder = new HpackEncoder();
  const decoder = new HpackDecoder(100);
  const long: HeaderField = ["x-long", "v".repeat(60)];
  const first = decoder.decode(block(encoder, [["x-a", "1"], long]));
  assert.equal(first.tooLarge, true);
  assert.equal(first.size, 36 + 98);
  assert.deepEqual(first.fields, [["x-a", "1"]]);
  const again = decoder.decode(block(encoder, [long]));
  assert.deepEqual(again.fields, [long]);
});

Deno.test("HpackEncoder writes a repeated field as one octet", () => {
  const encoder = new HpackEncoder();
  const fields: HeaderList = [["x-mesh", "ambient"]];
  block(encoder, fields);
  assert.deepEqual(block(encoder, fields), hex("be"));
});

Deno.test("HpackEncoder keeps secrets out of every table", () => {
  const encoder = new HpackEncoder();
  const decoder = new HpackDecoder(65_536);
  const secret: HeaderField = ["authorization", "Bearer abc"];
  const { fields } = decoder.decode(block(encoder, [secret]));
  assert.deepEqual(fields, [["authorization", "Bearer abc", true]]);
  assert.equal(encoder.tableSize, 0);
  const onward = new HpackEncoder({ indexing: () => "incremental" });
  block(onward, fields);
  assert.equal(onward.tableSize, 0);
});

Deno.test("HpackEncoder announces the smallest and the last table size", () => {
  const encoder = new HpackEncoder();
  encoder.setPeerTableSize(0);
  encoder.setPeerTableSize(1024);
  assert.deepEqual(block(encoder, []), hex("20 3fe107"));
  assert.deepEqual(block(encoder, []), hex(""));
});
