import { ipFromBytes, type SocketAddress } from "../model/address.ts";
import type { RawAddress } from "../sys/sockets.ts";

/** An address of the kernel's, with IPv4-mapped ones as IPv4. */
export function fromRaw(raw: RawAddress): SocketAddress {
  return { ip: ipFromBytes(raw.ip)!, port: raw.port };
}
