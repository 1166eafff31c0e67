import { assert } from "../../base/assert.ts";
import { HpackError } from "./errors.ts";
import { CODE_LENGTHS, CODES, EOS } from "./huffman_code.ts";
import { latin1 } from "./latin1.ts";

const EMITS = 0x100;
const FAILS = 0x200;
const STATE_SHIFT = 16;

/**
 * One row of 16 steps for each inner node of the code tree, by the next four
 * bits: the symbol (low octet) where EMITS is set, and the node after it. Codes
 * have five bits or more, so a step ends at most one symbol.
 */
const STEPS = new Int32Array(EOS * 16);

/** 1 where a string may end: no padding yet, or fewer than 8 bits, all ones. */
const MAY_END = new Uint8Array(EOS);

buildSteps();

/**
 * Octets that the Huffman form of `text` takes.
 *
 * @throws {AssertionError} for a code unit above 255.
 */
export function huffmanLength(text: string): number {
  let bits = 0;
  let union = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    union |= unit;
    bits += CODE_LENGTHS[unit]!;
  }
  assert(union < 256, "field with a code unit above 255");
  return (bits + 7) >>> 3;
}

/**
 * Writes the Huffman form of `text`, padded with ones.
 *
 * @param text Code units of 0 to 255.
 * @returns the position after the last octet written.
 * @see RFC 7541, section 5.2
 */
export function writeHuffman(
  text: string,
  into: Uint8Array,
  at: number,
): number {
  let held = 0; // Fewer than 8 bits wait in here between symbols.
  let heldBits = 0;
  for (let index = 0; index < text.length; index++) {
    const symbol = text.charCodeAt(index);
    let code = CODES[symbol]!;
    let length = CODE_LENGTHS[symbol]!;
    // 7 held bits and 24 more fit 32-bit arithmetic; longer codes go in two.
    if (length > 24) {
      length -= 8;
      held = (held << 8) | (code >>> length);
      into[at++] = held >>> heldBits;
      held &= (1 << heldBits) - 1;
      code &= (1 << length) - 1;
    }
    held = (held << length) | code;
    heldBits += length;
    while (heldBits >= 8) {
      heldBits -= 8;
      into[at++] = held >>> heldBits;
    }
    held &= (1 << heldBits) - 1;
  }
  if (heldBits > 0) into[at++] = (held << (8 - heldBits)) | (0xff >>> heldBits);
  return at;
}

let decoded = new Uint8Array(1024);

/**
 * Reads a Huffman-coded string.
 *
 * @throws {HpackError} for padding of 8 bits or more, padding that is not all
 *   ones, and EOS inside the string (RFC 7541, section 5.2).
 */
export function readHuffman(
  octets: Uint8Array,
  start: number,
  end: number,
): string {
  const room = Math.ceil((end - start) * 8 / 5);
  if (decoded.length < room) decoded = new Uint8Array(room * 2);
  let state = 0;
  let length = 0;
  for (let at = start; at < end; at++) {
    const octet = octets[at]!;
    let step = STEPS[(state << 4) | (octet >>> 4)]!;
    if ((step & EMITS) !== 0) decoded[length++] = step;
    // A failed step leads to the root, so it has to be seen here too.
    const first = step;
    step = STEPS[((step >>> STATE_SHIFT) << 4) | (octet & 15)]!;
    if ((step & EMITS) !== 0) decoded[length++] = step;
    if (((first | step) & FAILS) !== 0) {
      throw new HpackError("EOS inside a Huffman string");
    }
    state = step >>> STATE_SHIFT;
  }
  if (MAY_END[state] === 0) throw new HpackError("bad Huffman padding");
  return latin1(decoded, 0, length);
}

/** A node's two children: an inner node's number, or ~symbol for a leaf. */
type Tree = [zero: number, one: number][];

function buildSteps(): void {
  const tree = buildTree();
  for (let state = 0; state < tree.length; state++) {
    for (let bits = 0; bits < 16; bits++) {
      STEPS[(state << 4) | bits] = walk(tree, state, bits);
    }
  }
  for (let ones = 0, state = 0; ones < 8; ones++) {
    MAY_END[state] = 1;
    state = tree[state]![1];
  }
}

function buildTree(): Tree {
  const tree: Tree = [[0, 0]]; // 0 is the root and nobody's child: "none yet".
  for (let symbol = 0; symbol <= EOS; symbol++) {
    let node = 0;
    for (let bit = CODE_LENGTHS[symbol]! - 1; bit >= 0; bit--) {
      const side = (CODES[symbol]! >>> bit) & 1;
      if (bit === 0) {
        tree[node]![side] = ~symbol;
      } else {
        if (tree[node]![side] === 0) {
          tree[node]![side] = tree.push([0, 0]) - 1;
        }
        node = tree[node]![side]!;
      }
    }
  }
  return tree;
}

function walk(tree: Tree, from: number, bits: number): number {
  let node = from;
  let emitted = 0;
  for (let bit = 3; bit >= 0; bit--) {
    node = tree[node]![(bits >>> bit) & 1]!;
    if (node === ~EOS) return FAILS;
    if (node < 0) {
      emitted = EMITS | ~node;
      node = 0;
    }
  }
  return (node << STATE_SHIFT) | emitted;
}
