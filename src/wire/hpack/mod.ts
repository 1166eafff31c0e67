/** HPACK, the header compression of HTTP/2 (RFC 7541). */
export { type DecodedBlock, HpackDecoder } from "./decode.ts";
export { HpackEncoder, type HpackEncoderOptions } from "./encode.ts";
export { HpackError } from "./errors.ts";
export { fieldSize, type HeaderField, type HeaderList } from "./field.ts";
export { type Indexing, usualIndexing } from "./indexing.ts";
export { DECODER_TABLE_SIZE_MAX, ENCODER_TABLE_SIZE_MAX } from "./limits.ts";
