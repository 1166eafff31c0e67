import assert from "node:assert/strict";
import { HpackDecoder, HpackEncoder } from "../../../src/wire/hpack/mod.ts";
import { readInteger, writeInteger } from "../../../src/wire/hpack/integer.ts";
import { hex, INTEGERS, REPRESENTATIONS, VECTOR_GROUPS } from "./vectors.ts";

function encoderOf(
  options: ConstructorParameters<typeof HpackEncoder>[0],
  tableSizeMax = 4096,
): HpackEncoder {
  const encoder = new HpackEncoder(options);
  encoder.setPeerTableSize(tableSizeMax);
  // The examples start at a connection where that size already holds.
  encoder.encode([], new Uint8Array(16), 0);
  return encoder;
}

function encode(
  encoder: HpackEncoder,
  fields: Parameters<HpackEncoder["encode"]>[0],
): Uint8Array {
  const octets = new Uint8Array(encoder.lengthMax(fields));
  return octets.subarray(0, encoder.encode(fields, octets, 0));
}

function decoderOf(tableSizeMax = 4096): HpackDecoder {
  const decoder = new HpackDecoder(65_536);
  if (tableSizeMax !== 4096) {
    decoder.setTableSizeMax(tableSizeMax);
    const update = new Uint8Array(4);
    const end = writeInteger(tableSizeMax, 5, 0x20, update, 0);
    decoder.decode(update, 0, end);
  }
  return decoder;
}

for (const [section, value, prefixBits, octets] of INTEGERS) {
  Deno.test(`readInteger() and writeInteger() agree with ${section}`, () => {
    const cursor = { octets: hex(octets), at: 0, end: octets.length / 2 };
    assert.equal(readInteger(cursor, prefixBits), value);
    assert.equal(cursor.at, cursor.end);
    const into = new Uint8Array(8);
    const end = writeInteger(value, prefixBits, 0, into, 0);
    assert.deepEqual(into.subarray(0, end), hex(octets));
  });
}

for (const row of REPRESENTATIONS) {
  Deno.test(`HpackDecoder reads ${row.section}`, () => {
    const decoder = decoderOf();
    assert.deepEqual(decoder.decode(hex(row.block)).fields, row.fields);
    assert.deepEqual(decoder.tableEntries(), row.table);
    assert.equal(decoder.tableSize, row.tableSize);
  });
  Deno.test(`HpackEncoder writes ${row.section}`, () => {
    const encoder = encoderOf({
      huffman: false,
      indexing: () => row.indexing,
    });
    assert.deepEqual(encode(encoder, row.fields), hex(row.block));
    assert.deepEqual(encoder.tableEntries(), row.table);
    assert.equal(encoder.tableSize, row.tableSize);
  });
}

for (const { section, tableSizeMax, huffman, vectors } of VECTOR_GROUPS) {
  Deno.test(`HpackDecoder reads ${section}`, () => {
    const decoder = decoderOf(tableSizeMax);
    for (const { fields, block, table, tableSize } of vectors) {
      assert.deepEqual(decoder.decode(hex(block)).fields, fields);
      assert.deepEqual(decoder.tableEntries(), table);
      assert.equal(decoder.tableSize, tableSize);
    }
  });
  Deno.test(`HpackEncoder writes ${section}`, () => {
    const encoder = encoderOf(
      { huffman, indexing: () => "incremental" },
      tableSizeMax,
    );
    for (const { fields, block, table, tableSize } of vectors) {
      assert.deepEqual(encode(encoder, fields), hex(block));
      assert.deepEqual(encoder.tableEntries(), table);
      assert.equal(encoder.tableSize, tableSize);
    }
  });
}
