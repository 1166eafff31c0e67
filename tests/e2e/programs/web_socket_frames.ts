/** WebSocket frames of less than 126 octets, for tests (RFC 6455, section 5.2). */

export const TEXT = 1;
export const CLOSE = 8;

export interface Frame {
  readonly opcode: number;
  readonly payload: Uint8Array;
  /** Octets of the frame. */
  readonly length: number;
}

const MASK = Uint8Array.of(0x12, 0x34, 0x56, 0x78);

const masked = (payload: Uint8Array, mask: Uint8Array): Uint8Array =>
  payload.map((octet, at) => octet ^ mask[at % 4]!);

/** A whole message. @param by Clients mask what they send. */
export function writeFrame(
  opcode: number,
  payload: Uint8Array,
  by: "client" | "server",
): Uint8Array {
  const head = [0x80 | opcode, payload.length | (by === "client" ? 0x80 : 0)];
  return by === "client"
    ? Uint8Array.of(...head, ...MASK, ...masked(payload, MASK))
    : Uint8Array.of(...head, ...payload);
}

/** @returns undefined when the frame is not all there. */
export function readFrame(octets: Uint8Array): Frame | undefined {
  const [opcode, size] = octets;
  if (opcode === undefined || size === undefined) return undefined;
  const isMasked = size >= 0x80;
  const start = isMasked ? 6 : 2;
  const end = start + (size & 0x7f);
  if (octets.length < end) return undefined;
  const payload = octets.subarray(start, end);
  return {
    opcode: opcode & 0x0f,
    payload: isMasked ? masked(payload, octets.subarray(2, 6)) : payload,
    length: end,
  };
}
