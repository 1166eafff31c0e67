/** DNS messages (RFC 1035, RFC 6891), as far as a forwarder that knows some names needs them. */
export { readAddresses, readQuery, readReplyHead } from "./decode.ts";
export type { Received, ReplyHead } from "./decode.ts";
export {
  encodeQuery,
  encodeRefusal,
  encodeReply,
  isName,
  truncate,
  udpRoom,
  withId,
} from "./encode.ts";
export type { Answer } from "./encode.ts";
export { MESSAGE_MAX, TTL_SECONDS } from "./limits.ts";
export { CLASS_IN, type DnsQuery, Rcode, RecordType } from "./message.ts";
export { parseResolvConf, type ResolvConf } from "./resolv_conf.ts";
export { typeName } from "./type_name.ts";
