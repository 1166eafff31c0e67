/** `struct sockaddr_in` and `sockaddr_in6`, both ways. */
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCKADDR_IN_SIZE = 16;
export const SOCKADDR_IN6_SIZE = 28;

/** @param ip 4 or 16 octets; it decides the family. */
export function encodeSockaddr(
  ip: Uint8Array,
  port: number,
): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(SOCKADDR_IN6_SIZE);
  return octets.subarray(0, writeSockaddr(octets, ip, port));
}

/**
 * {@link encodeSockaddr} into memory that has room for either family.
 *
 * @returns octets written, from its beginning on.
 */
export function writeSockaddr(
  into: Uint8Array,
  ip: Uint8Array,
  port: number,
): number {
  const v4 = ip.length === 4;
  const length = v4 ? SOCKADDR_IN_SIZE : SOCKADDR_IN6_SIZE;
  into.fill(0, 0, length);
  into[0] = v4 ? AF_INET : AF_INET6; // sa_family, native order, below 256
  into[2] = port >> 8;
  into[3] = port & 0xff;
  into.set(ip, v4 ? 4 : 8);
  return length;
}

/** @returns undefined when the family is neither IPv4 nor IPv6. */
export function decodeSockaddr(
  octets: Uint8Array,
): { ip: Uint8Array; port: number } | undefined {
  const seen = viewSockaddr(octets);
  return seen && { ip: seen.ip.slice(), port: seen.port };
}

/** {@link decodeSockaddr} without a copy: its `ip` is part of `octets`. */
export function viewSockaddr(
  octets: Uint8Array,
): { ip: Uint8Array; port: number } | undefined {
  const port = (octets[2]! << 8) | octets[3]!;
  if (octets[0] === AF_INET) return { ip: octets.subarray(4, 8), port };
  if (octets[0] === AF_INET6) return { ip: octets.subarray(8, 24), port };
  return undefined;
}
