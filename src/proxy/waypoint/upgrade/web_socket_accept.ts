import { createHash } from "node:crypto";

/** @see RFC 6455, section 1.3 */
const SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** What a server answers to a client's `sec-websocket-key`. */
export const webSocketAccept = (key: string): string =>
  createHash("sha1").update(key + SUFFIX).digest("base64");

/** The octets of such a key, before base64. */
export const WEB_SOCKET_KEY_OCTETS = 16;
