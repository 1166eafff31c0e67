import type { HeaderField } from "./field.ts";

/** The static table, first entry is index 1 (RFC 7541, appendix A). */
const FIELDS: readonly HeaderField[] = [
  [":authority", ""],
  [":method", "GET"],
  [":method", "POST"],
  [":path", "/"],
  [":path", "/index.html"],
  [":scheme", "http"],
  [":scheme", "https"],
  [":status", "200"],
  [":status", "204"],
  [":status", "206"],
  [":status", "304"],
  [":status", "400"],
  [":status", "404"],
  [":status", "500"],
  ["accept-charset", ""],
  ["accept-encoding", "gzip, deflate"],
  ["accept-language", ""],
  ["accept-ranges", ""],
  ["accept", ""],
  ["access-control-allow-origin", ""],
  ["age", ""],
  ["allow", ""],
  ["authorization", ""],
  ["cache-control", ""],
  ["content-disposition", ""],
  ["content-encoding", ""],
  ["content-language", ""],
  ["content-length", ""],
  ["content-location", ""],
  ["content-range", ""],
  ["content-type", ""],
  ["cookie", ""],
  ["date", ""],
  ["etag", ""],
  ["expect", ""],
  ["expires", ""],
  ["from", ""],
  ["host", ""],
  ["if-match", ""],
  ["if-modified-since", ""],
  ["if-none-match", ""],
  ["if-range", ""],
  ["if-unmodified-since", ""],
  ["last-modified", ""],
  ["link", ""],
  ["location", ""],
  ["max-forwards", ""],
  ["proxy-authenticate", ""],
  ["proxy-authorization", ""],
  ["range", ""],
  ["referer", ""],
  ["refresh", ""],
  ["retry-after", ""],
  ["server", ""],
  ["set-cookie", ""],
  ["strict-transport-security", ""],
  ["transfer-encoding", ""],
  ["user-agent", ""],
  ["vary", ""],
  ["via", ""],
  ["www-authenticate", ""],
];

/** Entries of the static table; dynamic indices start one above it. */
export const STATIC_LENGTH = FIELDS.length;

/** The entries by index; index 0 is unused and holds undefined. */
export const STATIC_FIELDS: readonly (HeaderField | undefined)[] = [
  undefined,
  ...FIELDS.map((field) => Object.freeze(field)),
];

/** One name of the static table: its lowest index and its values' indices. */
export interface StaticName {
  readonly index: number;
  readonly values: ReadonlyMap<string, number>;
}

/** The static table as an encoder searches it. */
export const STATIC_NAMES: ReadonlyMap<string, StaticName> = nameIndex();

function nameIndex(): Map<string, StaticName> {
  const names = new Map<
    string,
    { index: number; values: Map<string, number> }
  >();
  for (const [position, [name, value]] of FIELDS.entries()) {
    let entry = names.get(name);
    if (entry === undefined) {
      entry = { index: position + 1, values: new Map() };
      names.set(name, entry);
    }
    entry.values.set(value, position + 1);
  }
  return names;
}
