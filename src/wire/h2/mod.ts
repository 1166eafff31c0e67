/** HTTP/2 without I/O (RFC 9113). */
export { H2Connection } from "./connection.ts";
export { H2Code, h2CodeName, H2Error } from "./errors.ts";
export { recycleOutput } from "./output_buffers.ts";
export { FRAME_HEADER_LENGTH, PREFACE } from "./frame.ts";
export type { H2Handlers, HeadersKind } from "./handlers.ts";
export type { HeaderField, HeaderList } from "../hpack/mod.ts";
export type { H2Options, PeerSettings, Role } from "./settings.ts";
export type { StreamId } from "./stream.ts";
