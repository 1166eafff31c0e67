/** What workloads, services and policies have in common. */
import {
  type Cidr,
  type Ip,
  ipFromBytes,
  isIpv6,
} from "../../model/address.ts";
import type { GatewayAddress, PortMap } from "../../model/workload.ts";
import { XdsResourceError } from "./errors.ts";
import type {
  GatewayAddress as GatewayAddressMessage,
  Port,
} from "./gen/workload_pb.ts";

/**
 * The value that an enumeration's number stands for.
 *
 * @param what Names the enumeration in the error.
 * @throws {XdsResourceError} for a number that is not in the table.
 */
export function enumValue<T>(
  table: Readonly<Record<number, T>>,
  value: number,
  what: string,
): T {
  const known = table[value];
  if (known === undefined) {
    throw new XdsResourceError(`unknown ${what} ${value}`);
  }
  return known;
}

/** @throws {XdsResourceError} unless there are 4 or 16 octets. */
export function ipOf(octets: Uint8Array): Ip {
  const ip = ipFromBytes(octets);
  if (ip === undefined) {
    throw new XdsResourceError(
      `failed to parse address, had ${octets.length} bytes`,
    );
  }
  return ip;
}

/** Bits by which an IPv4 address written as IPv6 is longer. */
const MAPPED_BITS = 96;

/** @throws {XdsResourceError} for an address or a prefix length that is none. */
export function cidrOf(octets: Uint8Array, prefixLength: number): Cidr {
  const ip = ipOf(octets);
  const isMapped = octets.length === 16 && !isIpv6(ip);
  const length = isMapped ? prefixLength - MAPPED_BITS : prefixLength;
  if (length < 0 || length > (isIpv6(ip) ? 128 : 32)) {
    throw new XdsResourceError(
      `prefix length ${prefixLength} does not fit an address of ${octets.length} bytes`,
    );
  }
  return { ip, length };
}

/** Whether a range is a single address. */
export const isWhole = ({ ip, length }: Cidr): boolean =>
  length === (isIpv6(ip) ? 128 : 32);

/** @throws {XdsResourceError} above 65535. */
export function portOf(value: number): number {
  if (value > 65_535) throw new XdsResourceError(`port ${value} is none`);
  return value;
}

/** Service port to target port. */
export function portMapOf(ports: readonly Port[]): PortMap {
  const map: Record<number, number> = {};
  for (const { servicePort, targetPort } of ports) {
    map[portOf(servicePort)] = portOf(targetPort);
  }
  return map;
}

/** @throws {XdsResourceError} when it does not say where the gateway is. */
export function gatewayOf(
  { destination, hboneMtlsPort }: GatewayAddressMessage,
): GatewayAddress {
  const port = portOf(hboneMtlsPort);
  switch (destination.case) {
    case "hostname": {
      const { namespace, hostname } = destination.value;
      return {
        destination: { kind: "hostname", namespace, hostname },
        hboneMtlsPort: port,
      };
    }
    case "address": {
      const { network, address } = destination.value;
      return {
        destination: { kind: "address", network, ip: ipOf(address) },
        hboneMtlsPort: port,
      };
    }
    case undefined:
      throw new XdsResourceError("nonempty gateway address is missing address");
    default:
      throw new Error(`unhandled: ${destination satisfies never}`);
  }
}
