import assert from "node:assert/strict";
import fc from "fast-check";
import {
  huffmanLength,
  readHuffman,
  writeHuffman,
} from "../../../src/wire/hpack/huffman.ts";
import { CODE_LENGTHS, CODES } from "../../../src/wire/hpack/huffman_code.ts";
import { HpackError } from "../../../src/wire/hpack/mod.ts";
import { hex } from "./vectors.ts";

const octetText = fc.uint8Array({ maxLength: 300 }).map((octets) =>
  Array.from(octets, (octet) => String.fromCharCode(octet)).join("")
);

function huffman(text: string): Uint8Array {
  const into = new Uint8Array(huffmanLength(text));
  assert.equal(writeHuffman(text, into, 0), into.length);
  return into;
}

Deno.test("readHuffman() returns what writeHuffman() was given", () => {
  fc.assert(fc.property(octetText, (text) => {
    const octets = huffman(text);
    assert.equal(readHuffman(octets, 0, octets.length), text);
  }));
});

Deno.test("readHuffman() returns each single octet", () => {
  for (let octet = 0; octet < 256; octet++) {
    const text = String.fromCharCode(octet);
    const octets = huffman(text);
    assert.equal(readHuffman(octets, 0, octets.length), text);
  }
});

const codes: [symbol: number, code: number, bits: number][] = [
  [0x30, 0x0, 5],
  [0x61, 0x3, 5],
  [0x20, 0x14, 6],
  [0x7e, 0x1ffd, 13],
  [0x0a, 0x3ffffffc, 30],
  [0xf9, 0xffffffe, 28],
  [0xff, 0x3ffffee, 26],
  [0x100, 0x3fffffff, 30],
];
for (const [symbol, code, bits] of codes) {
  Deno.test(`CODES hold appendix B's code of symbol ${symbol}`, () => {
    assert.equal(CODES[symbol], code);
    assert.equal(CODE_LENGTHS[symbol], bits);
  });
}

const refused: [name: string, octets: string][] = [
  ["a whole octet of padding", "ffff"],
  ["eight bits of padding after a symbol", "07ff"],
  ["padding of zeros", "00"],
  ["EOS", "ffffffff"],
  ["EOS after a symbol", "07fffffff8"],
];
for (const [name, octets] of refused) {
  Deno.test(`readHuffman() refuses ${name}`, () => {
    const input = hex(octets);
    assert.throws(() => readHuffman(input, 0, input.length), HpackError);
  });
}

Deno.test("huffmanLength() asserts code units of one octet", () => {
  assert.throws(() => huffmanLength("\u010a"), { name: "AssertionError" });
  assert.throws(() => huffmanLength("\u0100"), { name: "AssertionError" });
});
