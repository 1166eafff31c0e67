/**
 * IP addresses, CIDRs and socket addresses as plain data.
 *
 * An address travels as its canonical text, so that it can key a map, cross a
 * thread and be printed as it is: dotted decimal for IPv4, RFC 5952 for IPv6,
 * and an IPv4-mapped IPv6 address always as IPv4.
 */
import { Address6 } from "ip-address";

declare const brand: unique symbol;

/** Canonical text of an IPv4 or IPv6 address; made by {@link parseIp} only. */
export type Ip = string & { readonly [brand]: "Ip" };

/** An address range. Host bits of `ip` may be set; only the prefix counts. */
export interface Cidr {
  readonly ip: Ip;
  /** Prefix length in bits: 0 to 32 for IPv4, 0 to 128 for IPv6. */
  readonly length: number;
}

/** Where a socket points to. */
export interface SocketAddress {
  readonly ip: Ip;
  /** 0 to 65535. */
  readonly port: number;
}

export const isIpv6 = (ip: Ip): boolean => ip.includes(":");

/**
 * Reads an address strictly: no leading zeros, no zone, no short forms.
 *
 * @returns undefined when `text` is not one.
 */
export function parseIp(text: string): Ip | undefined {
  if (IPV4.test(text)) return text as Ip;
  if (text.length > IPV6_TEXT_MAX || !IPV6_SHAPE.test(text)) return undefined;
  if (!Address6.isValid(text)) return undefined;
  return ipFromBytes(Uint8Array.from(new Address6(text).toUnsignedByteArray()));
}

/** Longest text of an IPv6 address: eight groups, the last two as IPv4. */
const IPV6_TEXT_MAX = 45;
/** Read here, as in {@link ipToBytes}: every tunnel's request names some. */
const IPV4 =
  /^(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;
const IPV6_SHAPE = /^(?=.*:)[0-9a-fA-F:.]+$/;

/**
 * Reads an address from network order.
 *
 * @param bytes 4 or 16 octets.
 * @returns undefined for any other length.
 */
export function ipFromBytes(bytes: Uint8Array): Ip | undefined {
  if (bytes.length === 4) return ipv4FromBytes(bytes, 0);
  if (bytes.length !== 16) return undefined;
  if (isMapped(bytes)) return ipv4FromBytes(bytes, 12);
  return Address6.fromUnsignedByteArray([...bytes]).correctForm() as Ip;
}

const ipv4FromBytes = (bytes: Uint8Array, at: number): Ip =>
  `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}` as Ip;

function isMapped(bytes: Uint8Array): boolean {
  for (let i = 0; i < 10; i++) if (bytes[i] !== 0) return false;
  return bytes[10] === 0xff && bytes[11] === 0xff;
}

/**
 * Network order: 4 octets for IPv4, 16 for IPv6. Every connection asks several
 * times, so the canonical text is read here: the library takes ten times as long.
 */
export function ipToBytes(ip: Ip): Uint8Array {
  return isIpv6(ip) ? ipv6ToBytes(ip) : ipv4ToBytes(ip);
}

const DOT = ".".charCodeAt(0);
const COLON = ":".charCodeAt(0);
const ZERO = "0".charCodeAt(0);

function ipv4ToBytes(ip: Ip): Uint8Array {
  const bytes = new Uint8Array(4);
  let at = 0;
  for (let i = 0; i < ip.length; i++) {
    const code = ip.charCodeAt(i);
    if (code === DOT) at++;
    else bytes[at] = bytes[at]! * 10 + code - ZERO;
  }
  return bytes;
}

function ipv6ToBytes(ip: Ip): Uint8Array {
  const bytes = new Uint8Array(16);
  /** Octets read so far, and how many of them stand before `::`. */
  let at = 0;
  let before = 16;
  let i = 0;
  while (i < ip.length) {
    if (ip.charCodeAt(i) === COLON) {
      if (ip.charCodeAt(++i) === COLON) before = at;
      continue;
    }
    let group = 0;
    for (; i < ip.length && ip.charCodeAt(i) !== COLON; i++) {
      group = group << 4 | hexDigit(ip.charCodeAt(i));
    }
    bytes[at++] = group >> 8;
    bytes[at++] = group & 0xff;
  }
  if (at === 16) return bytes;
  const after = 16 - (at - before);
  bytes.copyWithin(after, before, at);
  return bytes.fill(0, before, after);
}

/** Lower case only: the low bits of `a` to `f` count from 1. */
const hexDigit = (code: number): number =>
  code < COLON ? code - ZERO : (code & 0xf) + 9;

export const isLoopback = (ip: Ip): boolean =>
  ip === "::1" || ip.startsWith("127.");

/**
 * Reads `address/length`, or a bare address as a range of one.
 *
 * @returns undefined when `text` is not one.
 */
export function parseCidr(text: string): Cidr | undefined {
  const [address = "", length, ...rest] = text.split("/");
  const ip = parseIp(address);
  if (ip === undefined || rest.length > 0) return undefined;
  const bits = isIpv6(ip) ? 128 : 32;
  if (length === undefined) return { ip, length: bits };
  if (!/^\d{1,3}$/.test(length) || Number(length) > bits) return undefined;
  return { ip, length: Number(length) };
}

export const formatCidr = (cidr: Cidr): string => `${cidr.ip}/${cidr.length}`;

/** Whether `ip` lies in `cidr`; never across address families. */
export function cidrContains(cidr: Cidr, ip: Ip): boolean {
  if (isIpv6(cidr.ip) !== isIpv6(ip)) return false;
  const a = ipToBytes(cidr.ip);
  const b = ipToBytes(ip);
  const whole = cidr.length >> 3;
  for (let i = 0; i < whole; i++) if (a[i] !== b[i]) return false;
  const rest = cidr.length & 7;
  if (rest === 0) return true;
  return ((a[whole]! ^ b[whole]!) & (0xff00 >> rest) & 0xff) === 0;
}

/** `10.0.0.1:80` or `[fd00::1]:80`. */
export function formatAddress(address: { ip: string; port: number }): string {
  return address.ip.includes(":")
    ? `[${address.ip}]:${address.port}`
    : `${address.ip}:${address.port}`;
}

/** Reads a port as digits only; undefined when it is none or above 65535. */
export function parsePort(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port <= 65_535 ? port : undefined;
}

/** Reads what {@link formatAddress} writes; undefined when `text` is not one. */
export function parseSocketAddress(text: string): SocketAddress | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const ip = parseIp(match[1] ?? match[2]!);
  const port = parsePort(match[3]!);
  if (ip === undefined || port === undefined) return undefined;
  if (isIpv6(ip) !== (match[1] !== undefined)) return undefined;
  return { ip, port };
}
