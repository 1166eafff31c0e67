import { isLoopback, type SocketAddress } from "../model/address.ts";

/** The proxy's own listeners: outbound capture, plaintext inbound and HBONE inbound. */
export const SELF_PORTS: ReadonlySet<number> = new Set([
  15_001,
  15_006,
  15_008,
]);

/** The same where the SOCKS5 listener runs too. */
export const SELF_PORTS_WITH_SOCKS5: ReadonlySet<number> = new Set([
  ...SELF_PORTS,
  15_080,
]);

/** Why a connection to one of our own listeners is refused; ztunnel's text. */
export const SELF_CALL = "attempted recursive call to ourselves";

/**
 * Whether an outgoing connection would come straight back to its own proxy.
 * Calls by any other address are caught by the side that receives them.
 */
export function isOutboundSelfCall(
  target: SocketAddress,
  selfPorts: ReadonlySet<number>,
): boolean {
  return isLoopback(target.ip) && selfPorts.has(target.port);
}
