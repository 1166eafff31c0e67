import { connectionError } from "./errors.ts";

/** Octets of a frame header (RFC 9113, section 4.1). */
export const FRAME_HEADER_LENGTH = 9;

/** Frame types (RFC 9113, section 6). */
export const FrameType = {
  DATA: 0x0,
  HEADERS: 0x1,
  PRIORITY: 0x2,
  RST_STREAM: 0x3,
  SETTINGS: 0x4,
  PUSH_PROMISE: 0x5,
  PING: 0x6,
  GOAWAY: 0x7,
  WINDOW_UPDATE: 0x8,
  CONTINUATION: 0x9,
} as const;

/** Frame flags; each has a meaning for some types only. */
export const Flag = {
  ACK: 0x01,
  END_STREAM: 0x01,
  END_HEADERS: 0x04,
  PADDED: 0x08,
  PRIORITY: 0x20,
} as const;

/** What a client sends first (RFC 9113, section 3.4). */
export const PREFACE: Uint8Array = new TextEncoder().encode(
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
);

/** Which stream identifiers, and which lengths, a type of frame may have. */
interface FrameRule {
  readonly name: string;
  readonly stream: "zero" | "nonzero" | "any";
  readonly lengthMin: number;
  readonly lengthMax: number;
}

const ANY = Number.MAX_SAFE_INTEGER;
const RULES: readonly FrameRule[] = [
  { name: "DATA", stream: "nonzero", lengthMin: 0, lengthMax: ANY },
  { name: "HEADERS", stream: "nonzero", lengthMin: 0, lengthMax: ANY },
  { name: "PRIORITY", stream: "nonzero", lengthMin: 5, lengthMax: 5 },
  { name: "RST_STREAM", stream: "nonzero", lengthMin: 4, lengthMax: 4 },
  { name: "SETTINGS", stream: "zero", lengthMin: 0, lengthMax: ANY },
  { name: "PUSH_PROMISE", stream: "nonzero", lengthMin: 4, lengthMax: ANY },
  { name: "PING", stream: "zero", lengthMin: 8, lengthMax: 8 },
  { name: "GOAWAY", stream: "zero", lengthMin: 8, lengthMax: ANY },
  { name: "WINDOW_UPDATE", stream: "any", lengthMin: 4, lengthMax: 4 },
  { name: "CONTINUATION", stream: "nonzero", lengthMin: 0, lengthMax: ANY },
];

/**
 * Checks what a frame header alone can get wrong.
 *
 * @param lengthMax Our SETTINGS_MAX_FRAME_SIZE.
 * @throws {H2Error} FRAME_SIZE_ERROR or PROTOCOL_ERROR, for the connection: a
 *   stream error may be treated as one (RFC 9113, section 5.4.1).
 */
export function checkFrameHeader(
  type: number,
  length: number,
  stream: number,
  lengthMax: number,
): void {
  if (length > lengthMax) {
    throw connectionError("FRAME_SIZE_ERROR", `frame of ${length} octets`);
  }
  const rule = RULES[type];
  if (rule === undefined) return;
  if (length < rule.lengthMin || length > rule.lengthMax) {
    const found = `${rule.name} of ${length} octets`;
    throw connectionError("FRAME_SIZE_ERROR", found);
  }
  if (rule.stream === "any" || (stream === 0) === (rule.stream === "zero")) {
    return;
  }
  throw connectionError("PROTOCOL_ERROR", `${rule.name} on stream ${stream}`);
}

/** Reads 31 bits, the reserved one left out. */
export function readUint31(octets: Uint8Array, at: number): number {
  return readUint32(octets, at) & 0x7fffffff;
}

/** Reads 32 bits, most significant octet first. */
export function readUint32(octets: Uint8Array, at: number): number {
  return ((octets[at]! << 24) | (octets[at + 1]! << 16) |
    (octets[at + 2]! << 8) | octets[at + 3]!) >>> 0;
}

/** Writes 32 bits, most significant octet first. */
export function writeUint32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}

/** Writes the nine octets of a frame header. */
export function writeFrameHeader(
  into: Uint8Array,
  at: number,
  length: number,
  type: number,
  flags: number,
  stream: number,
): void {
  into[at] = length >>> 16;
  into[at + 1] = length >>> 8;
  into[at + 2] = length;
  into[at + 3] = type;
  into[at + 4] = flags;
  writeUint32(into, at + 5, stream);
}
