/** Headers of a tunnel's CONNECT that carry telemetry. */
export { decodeBaggage } from "./decode.ts";
export { baggageOfWorkload, encodeBaggage } from "./encode.ts";
export { decodeForwarded, encodeForwarded } from "./forwarded.ts";
export type { Forwarded } from "./forwarded.ts";
export {
  BAGGAGE_MEMBERS_MAX,
  BAGGAGE_TEXT_MAX,
  BAGGAGE_VALUE_MAX,
  FORWARDED_TEXT_MAX,
} from "./limits.ts";
export {
  decodeTraceparent,
  encodeTraceparent,
  newTrace,
} from "./traceparent.ts";
export type { TraceContext } from "./traceparent.ts";
