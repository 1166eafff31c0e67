/** Messages of Envoy's Authorization service, version 3. */
export { decodeVerdict } from "./decode.ts";
export { encodeQuestion } from "./encode.ts";
export { CheckResponseError } from "./errors.ts";
export type {
  CheckedPeer,
  CheckedRequest,
  CheckQuestion,
  CheckVerdict,
  HeaderAction,
  HeaderMutation,
  QueryParameter,
} from "./messages.ts";

/** The method's path, as gRPC names it. */
export const CHECK_PATH = "/envoy.service.auth.v3.Authorization/Check";
