import { ipToBytes, isIpv6, type SocketAddress } from "../../model/address.ts";

const SIGNATURE = [
  ...[0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d],
  ...[0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a],
];
const VERSION_2_PROXY = 0x21;
const UNSPEC = 0x00;
const TCP_OVER_IPV4 = 0x11;
const TCP_OVER_IPV6 = 0x21;

/** Istio's own TLV: the SPIFFE ID of the client. */
const TLV_PEER_IDENTITY = 0xd0;

/** What an application is told of a connection before its first octet. */
export interface ProxyHeader {
  readonly source: SocketAddress;
  readonly destination: SocketAddress;
  /** Of a verified certificate only. */
  readonly spiffeId?: string;
}

/**
 * A PROXY protocol header, version 2, command PROXY. Addresses of two different
 * families cannot be said in one and are left out (UNSPEC).
 *
 * @see HAProxy, The PROXY protocol, section 2.2
 */
export function encodeProxyHeader(header: ProxyHeader): Uint8Array {
  const { source, destination, spiffeId } = header;
  const v6 = isIpv6(source.ip);
  const same = v6 === isIpv6(destination.ip);
  const addresses = same
    ? [
      ...ipToBytes(source.ip),
      ...ipToBytes(destination.ip),
      ...uint16(source.port),
      ...uint16(destination.port),
    ]
    : [];
  const family = !same ? UNSPEC : v6 ? TCP_OVER_IPV6 : TCP_OVER_IPV4;
  const tlv = spiffeId === undefined ? [] : peerIdentity(spiffeId);
  return Uint8Array.from([
    ...SIGNATURE,
    VERSION_2_PROXY,
    family,
    ...uint16(addresses.length + tlv.length),
    ...addresses,
    ...tlv,
  ]);
}

function peerIdentity(spiffeId: string): number[] {
  const value = new TextEncoder().encode(spiffeId);
  return [TLV_PEER_IDENTITY, ...uint16(value.length), ...value];
}

const uint16 = (value: number): [number, number] => [value >> 8, value & 0xff];
