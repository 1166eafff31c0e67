import { readUint32, writeUint32 } from "./frame.ts";

/** First half of the opaque octets of a PING that the application sends. */
const APPLICATION = 0x68702d61;

/** First half of the one that asks whether GOAWAY has arrived. */
const DRAIN = 0x68702d64;

/** The opaque octets of the application's PING; `opaque` has 32 bits. */
export function pingOctets(opaque: number): Uint8Array {
  return octetsOf(APPLICATION, opaque);
}

/** The number given to pingOctets(); undefined for octets that are not its. */
export function readPing(octets: Uint8Array): number | undefined {
  return readUint32(octets, 0) === APPLICATION
    ? readUint32(octets, 4)
    : undefined;
}

/** The opaque octets of the PING that follows the first GOAWAY of a drain. */
export function drainPingOctets(): Uint8Array {
  return octetsOf(DRAIN, 0);
}

export function isDrainPing(octets: Uint8Array): boolean {
  return readUint32(octets, 0) === DRAIN;
}

function octetsOf(first: number, second: number): Uint8Array {
  const octets = new Uint8Array(8);
  writeUint32(octets, 0, first);
  writeUint32(octets, 4, second);
  return octets;
}
