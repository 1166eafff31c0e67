/** gRPC without I/O. */
export { GrpcError } from "./errors.ts";
export { MessageCounter } from "./message_counter.ts";
export {
  callHeaders,
  frameMessage,
  type GrpcAnswer,
  type GrpcCall,
  messageOfAnswer,
} from "./unary.ts";
