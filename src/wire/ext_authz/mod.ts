/** Messages of Envoy's Authorization service, version 3. */
export { decodeVerdict } from "./decode.ts";
export { encodeQuestion } from "./encode.ts";
export { CheckResponseError } from "./errors.ts";

/** The method's path, as gRPC names it. */
export const CHECK_PATH = "/envoy.service.auth.v3.Authorization/Check";
