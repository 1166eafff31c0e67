/** SOCKS 5 (RFC 1928), the server's side, without authentication. */
export { type Parsed, readGreeting, readRequest } from "./decode.ts";
export type { SocksTarget } from "./decode.ts";
export { encodeSocksReply, METHOD_CHOSEN, SocksReply } from "./encode.ts";
