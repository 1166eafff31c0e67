import { type Ip, ipFromBytes } from "../../model/address.ts";

const VERSION = 5;
const NO_AUTHENTICATION = 0;
const CONNECT = 1;
const ADDRESS_SIZES: Readonly<Record<number, number>> = { 1: 4, 4: 16 };
const DOMAIN = 3;

/** Where a client wants to go. */
export type SocksTarget = {
  readonly port: number;
} & ({ readonly ip: Ip } | { readonly domain: string });

/**
 * What the octets so far come to: nothing yet, something that cannot be served,
 * or a value and how many octets it took.
 */
export type Parsed<T> =
  | { readonly kind: "more" }
  | { readonly kind: "refuse"; readonly why: string }
  | { readonly kind: "done"; readonly value: T; readonly size: number };

const MORE = { kind: "more" } as const;
const refuse = (why: string) => ({ kind: "refuse", why }) as const;

/** Reads the client's greeting, which must offer to go without authentication. RFC 1928, section 3. */
export function readGreeting(octets: Uint8Array): Parsed<void> {
  const [version, count] = octets;
  if (version === undefined) return MORE;
  if (version !== VERSION) return refuse(`version ${version}`);
  if (count === undefined || octets.length < 2 + count) return MORE;
  const size = 2 + count;
  const offered = octets.subarray(2, size).includes(NO_AUTHENTICATION);
  if (!offered) return refuse("no offer to go without authentication");
  return { kind: "done", value: undefined, size };
}

/** Reads the client's request, which must be for a connection. RFC 1928, section 4. */
export function readRequest(octets: Uint8Array): Parsed<SocksTarget> {
  const [version, command, , type, length = 0] = octets;
  if (version !== undefined && version !== VERSION) {
    return refuse(`version ${version}`);
  }
  if (command !== undefined && command !== CONNECT) {
    return refuse(`command ${command}`);
  }
  if (type === undefined) return MORE;
  const begin = type === DOMAIN ? 5 : 4;
  const size = type === DOMAIN ? length : ADDRESS_SIZES[type];
  if (size === undefined) return refuse(`address type ${type}`);
  const end = begin + size;
  if (octets.length < Math.max(end + 2, begin)) return MORE;
  const port = octets[end]! << 8 | octets[end + 1]!;
  const name = octets.slice(begin, end);
  if (type !== DOMAIN) {
    return {
      kind: "done",
      value: { ip: ipFromBytes(name)!, port },
      size: end + 2,
    };
  }
  if (size === 0) return refuse("an empty domain");
  const domain = String.fromCharCode(...name);
  return { kind: "done", value: { domain, port }, size: end + 2 };
}
