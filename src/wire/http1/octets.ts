/** Octets with a meaning in the grammar. */
export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;

const DIGITS = "0123456789";
const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();

/** 1 for each character of `text`. */
function table(text: string): Uint8Array {
  const octets = new Uint8Array(256);
  for (let at = 0; at < text.length; at++) octets[text.charCodeAt(at)] = 1;
  return octets;
}

/** 1 for the characters of a token (RFC 9110, section 5.6.2). */
export const TOKEN = table("!#$%&'*+-.^_`|~" + DIGITS + LOWER + UPPER);

/** The lower-case form of a token's characters, 0 for other octets. */
export const TOKEN_LOWER = TOKEN.map((is, octet) =>
  is === 0 ? 0 : octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet
);

/**
 * 1 for what a field value may hold: visible octets, space and tab (RFC 9110,
 * section 5.5).
 */
export const FIELD_VALUE = new Uint8Array(256).map((_, octet) =>
  octet === TAB || (octet >= SPACE && octet !== 0x7f) ? 1 : 0
);

/**
 * 1 for what a path and query may hold: visible ASCII but "#", which is never
 * sent. Wider than RFC 3986: browsers do not encode `|`, `^` and their like.
 */
export const TARGET = new Uint8Array(256).map((_, octet) =>
  octet > SPACE && octet < 0x7f && octet !== 0x23 ? 1 : 0
);

/** 1 for what a registered name may hold (RFC 3986, section 3.2.2). */
export const REG_NAME = table("-._~!$&'()*+,;=%" + DIGITS + LOWER + UPPER);

/** The value of a hexadecimal digit, 0xff for other octets. */
export const HEX_VALUE = new Uint8Array(256).map((_, octet) => {
  const value = parseInt(String.fromCharCode(octet), 16);
  return Number.isNaN(value) ? 0xff : value;
});

/** No octets. */
export const EMPTY = new Uint8Array(0);

const ascii = new TextDecoder("utf-8", { ignoreBOM: true });

/** Octets of one call's arguments: far from the limit of a call. */
const PART_OCTETS = 8_192;

/** A string with one code unit for each octet. */
export function latin1(octets: Uint8Array, from: number, to: number): string {
  const part = octets.subarray(from, to);
  // The decoder is several times faster, and right for ASCII.
  if (isAscii(part)) return ascii.decode(part);
  let text = "";
  for (let at = 0; at < part.length; at += PART_OCTETS) {
    const units = part.subarray(at, at + PART_OCTETS);
    text += Reflect.apply(String.fromCharCode, undefined, units);
  }
  return text;
}

function isAscii(octets: Uint8Array): boolean {
  let all = 0;
  for (let at = 0; at < octets.length; at++) all |= octets[at]!;
  return all < 0x80;
}

/** Whether every character of a text, one octet each, is in the table. */
export function allIn(allowed: Uint8Array, text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    if (allowed[text.charCodeAt(at)] !== 1) return false;
  }
  return true;
}
