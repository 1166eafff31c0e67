import { type Ip, ipFromBytes, type SocketAddress } from "../model/address.ts";
import type { RawAddress } from "../sys/sockets.ts";
import type { Socket } from "node:net";

/** An address of the kernel's, with IPv4-mapped ones as IPv4. */
export function fromRaw(raw: RawAddress): SocketAddress {
  return { ip: ipFromBytes(raw.ip)!, port: raw.port };
}

/** The far end of a socket; undefined once it is disconnected. */
export function peerAddress(socket: Socket): SocketAddress | undefined {
  return fromText(socket.remoteAddress, socket.remotePort);
}

/** The near end of a socket; undefined once it is disconnected. */
export function localAddress(socket: Socket): SocketAddress | undefined {
  return fromText(socket.localAddress, socket.localPort);
}

const MAPPED = "::ffff:";

/** The runtime prints addresses in their canonical form, IPv4-mapped ones as such. */
function fromText(
  text: string | undefined,
  port: number | undefined,
): SocketAddress | undefined {
  if (text === undefined || port === undefined) return undefined;
  if (!text.includes(":")) return { ip: text as Ip, port };
  if (text.startsWith(MAPPED) && text.includes(".")) {
    return { ip: text.slice(MAPPED.length) as Ip, port };
  }
  const [ip = ""] = text.split("%"); // without the zone of a link-local one
  return ip === "" ? undefined : { ip: ip as Ip, port };
}
