import { ipFromBytes, parseIp, type SocketAddress } from "../model/address.ts";
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

function fromText(
  text: string | undefined,
  port: number | undefined,
): SocketAddress | undefined {
  const ip = parseIp(text ?? "");
  return ip === undefined || port === undefined ? undefined : { ip, port };
}
