import { HpackError } from "./errors.ts";
import { INTEGER_OCTETS_MAX } from "./limits.ts";

/** A position in a block that the readers move. */
export interface Cursor {
  readonly octets: Uint8Array;
  at: number;
  readonly end: number;
}

/**
 * Reads an integer whose prefix is the low `prefixBits` of the octet at the
 * cursor.
 *
 * @throws {HpackError} when it runs past the end or INTEGER_OCTETS_MAX.
 * @see RFC 7541, section 5.1
 */
export function readInteger(from: Cursor, prefixBits: number): number {
  if (from.at >= from.end) throw new HpackError("integer cut short");
  const mask = (1 << prefixBits) - 1;
  const prefix = from.octets[from.at++]! & mask;
  return prefix < mask ? prefix : readTail(from, prefix);
}

function readTail(from: Cursor, prefix: number): number {
  let value = prefix;
  for (let octet = 1; octet < INTEGER_OCTETS_MAX; octet++) {
    if (from.at >= from.end) throw new HpackError("integer cut short");
    const next = from.octets[from.at++]!;
    value += (next & 0x7f) << (7 * (octet - 1));
    if (next < 0x80) return value;
  }
  throw new HpackError(`integer of more than ${INTEGER_OCTETS_MAX} octets`);
}

/**
 * Writes an integer; `pattern` is the bits of the first octet above its prefix.
 *
 * @returns the position after it.
 */
export function writeInteger(
  value: number,
  prefixBits: number,
  pattern: number,
  into: Uint8Array,
  at: number,
): number {
  const mask = (1 << prefixBits) - 1;
  if (value < mask) {
    into[at] = pattern | value;
    return at + 1;
  }
  into[at++] = pattern | mask;
  let rest = value - mask;
  while (rest >= 0x80) {
    into[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  into[at] = rest;
  return at + 1;
}
