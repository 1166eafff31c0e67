/** Why a token is not accepted, and how the client is told. */
import type { HttpRequest } from "../../model/http.ts";
import { type LocalReply, localReply } from "../http/local_reply.ts";
import { policyPath } from "../http/path_normalization.ts";
import { REALM_LENGTH_MAX } from "./limits.ts";

const REFUSAL_TEXTS = {
  missing: "Jwt is missing",
  expired: "Jwt is expired",
  notYetValid: "Jwt not yet valid",
  structure:
    "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
  headerEncoding: "Jwt header is an invalid Base64url encoded",
  headerJson: "Jwt header is an invalid JSON",
  algorithm: "Jwt header [alg] field is required and must be a string",
  unknownAlgorithm: "Jwt header [alg] is not supported",
  kid: "Jwt header [kid] field is not a string",
  payloadEncoding: "Jwt payload is an invalid Base64url encoded",
  payloadJson: "Jwt payload is an invalid JSON",
  iss: "Jwt payload [iss] field is not a string",
  sub: "Jwt payload [sub] field is not a string",
  iat: "Jwt payload [iat] field is not an integer",
  nbf: "Jwt payload [nbf] field is not an integer",
  exp: "Jwt payload [exp] field is not an integer",
  jti: "Jwt payload [jti] field is not a string",
  aud: "Jwt payload [aud] field is not a string or string list",
  signatureEncoding: "Jwt signature is an invalid Base64url encoded",
  issuer: "Jwt issuer is not configured",
  audience: "Audiences in Jwt are not allowed",
  signature: "Jwt verification fails",
  severalTokens: "Found multiple Jwt tokens",
  noFittingKey: "Jwks doesn't have key to match kid or alg from Jwt",
  noKeys: "Jwks doesn't have any valid public key",
  keysUnfetched: "Jwks remote fetch is failed",
} as const;

/** What is wrong with a token, or with the keys that it would be verified with. */
export type TokenRefusal = keyof typeof REFUSAL_TEXTS;

/** The reason as the client reads it: Envoy's words. */
export const refusalText = (refusal: TokenRefusal): string =>
  REFUSAL_TEXTS[refusal];

/** Response code details of the access log. */
export const refusalDetails = (refusal: TokenRefusal): string =>
  `jwt_authn_access_denied{${refusalText(refusal).replaceAll(" ", "_")}}`;

/** The response: 403 for a wrong audience, else 401; both say where and why. */
export function refusalReply(
  request: HttpRequest,
  refusal: TokenRefusal,
): LocalReply {
  const error = refusal === "missing" ? "" : ', error="invalid_token"';
  const challenge = `Bearer realm="${realm(request)}"${error}`;
  return localReply(request, {
    status: refusal === "audience" ? 403 : 401,
    body: refusalText(refusal),
    headers: [["www-authenticate", challenge]],
  });
}

/** The URL without its query, which may hold a token. What would end the quotes is encoded. */
const realm = ({ scheme, authority, path }: HttpRequest): string =>
  `${scheme}://${authority}${policyPath(path)}`
    .slice(0, REALM_LENGTH_MAX)
    .replaceAll('"', "%22").replaceAll("\\", "%5C");
