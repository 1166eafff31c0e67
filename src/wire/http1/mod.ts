/** HTTP/1.1 without I/O (RFC 9110, RFC 9112). */
export { Http1Client } from "./client.ts";
export type { Http1Connection } from "./connection.ts";
export { type ErrorStatus, Http1Error } from "./errors.ts";
export type {
  CloseKind,
  ExchangeId,
  HeadersKind,
  Http1Handlers,
  ResetReason,
} from "./handlers.ts";
export { upgradeProtocols } from "./lists.ts";
export type { Http1Options } from "./options.ts";
export { Http1Server } from "./server.ts";
export { reasonOf } from "./status.ts";
export type { HeaderField, HeaderList } from "../hpack/mod.ts";
