import { SERIAL_OCTETS } from "./limits.ts";

/** A new serial number in hexadecimal: random, positive, of fixed length. */
export function newSerialNumber(): string {
  const octets = crypto.getRandomValues(new Uint8Array(SERIAL_OCTETS));
  // The top bit is the sign; the next one set keeps DER from shortening it.
  octets[0] = (octets[0]! & 0x7f) | 0x40;
  return octets.toHex();
}
