export { decodeAck, decodeHello, decodeRequest } from "./decode.ts";
export { encodeAck, encodeHello, encodeRequest } from "./encode.ts";
export { ZdsPacketError } from "./errors.ts";
export { PACKET_MAX_OCTETS } from "./limits.ts";
export type { ZdsPod, ZdsRequest } from "./messages.ts";
