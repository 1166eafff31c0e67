import { assert } from "../../base/assert.ts";

/** More arguments than this in one call risks the engine's stack. */
const ARGUMENTS_MAX = 4_096;

/**
 * A string with one code unit per octet, so that any field value survives a
 * hop. (`TextDecoder("latin1")` is windows-1252: it changes 0x80 to 0x9f.)
 */
export function latin1(octets: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at += ARGUMENTS_MAX) {
    const part = octets.subarray(at, Math.min(end, at + ARGUMENTS_MAX));
    text += Reflect.apply(String.fromCharCode, undefined, part);
  }
  return text;
}

/**
 * Writes one octet for each code unit; returns the position after them.
 *
 * @throws {AssertionError} for a code unit above 255: cut to an octet, it could
 *   become a line feed.
 */
export function writeLatin1(
  text: string,
  into: Uint8Array,
  at: number,
): number {
  let union = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    union |= unit;
    into[at++] = unit;
  }
  assert(union < 256, "field with a code unit above 255");
  return at;
}
