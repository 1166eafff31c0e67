/**
 * Memory that system calls of this thread read and write, one call at a time:
 * the kernel keeps nothing of it. It is made once, because memory made for one
 * call has to get an address outside of the heap first, which takes longer than
 * the call.
 */
import { SOCKADDR_IN6_SIZE, writeSockaddr } from "./socket_address.ts";

const integer = new Int32Array(1);
const integerOctets = new Uint8Array(integer.buffer);

/** A C `int`; good until the next one. */
export function intArgument(value: number): Uint8Array<ArrayBuffer> {
  integer[0] = value;
  return integerOctets;
}

/** What a call has put in place of {@link intArgument}. */
export const intResult = (): number => integer[0]!;

const size = new Uint32Array(1);
const sizeOctets = new Uint8Array(size.buffer);

/** A `socklen_t`; good until the next one. */
export function sizeArgument(octets: number): Uint8Array<ArrayBuffer> {
  size[0] = octets;
  return sizeOctets;
}

/** Where a call may write an address of either family; good until the next one. */
export const addressMemory = new Uint8Array(SOCKADDR_IN6_SIZE);

/**
 * An address in {@link addressMemory}.
 *
 * @param ip 4 or 16 octets.
 * @returns the length of what was written there.
 */
export const putAddress = (ip: Uint8Array, port: number): number =>
  writeSockaddr(addressMemory, ip, port);
