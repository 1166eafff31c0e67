/** DER, as far as certificates and revocation lists need it. X.690, section 8.1. */

export interface DerElement {
  readonly tag: number;
  readonly body: Uint8Array;
  /** With its tag and length. */
  readonly whole: Uint8Array;
}

/** Universal tags that are looked for; constructed ones with their bit. */
export const Tag = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OBJECT_ID: 0x06,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  SEQUENCE: 0x30,
} as const;

/** The elements that fill `octets`; undefined when they do not fill it exactly. */
export function readElements(octets: Uint8Array): DerElement[] | undefined {
  const found: DerElement[] = [];
  let at = 0;
  while (at < octets.length) {
    const length = readLength(octets, at + 1);
    if (length === undefined) return undefined;
    const end = length.next + length.value;
    if (end > octets.length) return undefined;
    const body = octets.subarray(length.next, end);
    found.push({ tag: octets[at]!, body, whole: octets.subarray(at, end) });
    at = end;
  }
  return found;
}

/** The elements of a sequence that `octets` is; undefined when it is none. */
export function readSequence(octets: Uint8Array): DerElement[] | undefined {
  const [only, ...more] = readElements(octets) ?? [];
  if (only?.tag !== Tag.SEQUENCE || more.length > 0) return undefined;
  return readElements(only.body);
}

/** Up to three octets of length: 16 MiB. */
function readLength(
  octets: Uint8Array,
  at: number,
): { value: number; next: number } | undefined {
  const first = octets[at];
  if (first === undefined) return undefined;
  if (first < 0x80) return { value: first, next: at + 1 };
  const count = first & 0x7f;
  if (count === 0 || count > 3 || at + count >= octets.length) return undefined;
  let value = 0;
  for (let i = 1; i <= count; i++) value = value * 256 + octets[at + i]!;
  return { value, next: at + 1 + count };
}

/** Octets as hexadecimal digits. */
export function hexOf(octets: Uint8Array): string {
  let text = "";
  for (const octet of octets) text += octet.toString(16).padStart(2, "0");
  return text;
}

/** An integer's digits without leading zeros, so that two ways to write one are the same. */
export const integerText = (body: Uint8Array): string =>
  hexOf(body).replace(/^(?:00)+(?=..)/, "");

/** Dotted decimal of an object identifier, such as `2.5.29.28`; undefined when it cannot be. */
export function objectIdText(body: Uint8Array): string | undefined {
  const arcs: number[] = [];
  let value = 0;
  for (const octet of body) {
    value = value * 128 + (octet & 0x7f);
    if (value > Number.MAX_SAFE_INTEGER / 128) return undefined;
    if ((octet & 0x80) !== 0) continue;
    arcs.push(value);
    value = 0;
  }
  const [first, ...rest] = arcs;
  if (first === undefined || (body.at(-1)! & 0x80) !== 0) return undefined;
  const root = Math.min(Math.floor(first / 40), 2);
  return [root, first - root * 40, ...rest].join(".");
}
