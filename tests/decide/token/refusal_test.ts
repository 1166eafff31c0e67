import assert from "node:assert/strict";
import { headerValue } from "../../../src/decide/http/header_list.ts";
import {
  refusalDetails,
  refusalReply,
  refusalText,
  type TokenRefusal,
} from "../../../src/decide/token/refusal.ts";
import { request } from "../../support/http_samples.ts";

const REQUEST = request({ authority: "web.shop:80", path: "/a?token=secret" });

const rows: [because: TokenRefusal, status: number, body: string][] = [
  ["missing", 401, "Jwt is missing"],
  ["expired", 401, "Jwt is expired"],
  ["notYetValid", 401, "Jwt not yet valid"],
  [
    "structure",
    401,
    "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
  ],
  ["headerEncoding", 401, "Jwt header is an invalid Base64url encoded"],
  ["headerJson", 401, "Jwt header is an invalid JSON"],
  [
    "algorithm",
    401,
    "Jwt header [alg] field is required and must be a string",
  ],
  ["unknownAlgorithm", 401, "Jwt header [alg] is not supported"],
  ["kid", 401, "Jwt header [kid] field is not a string"],
  ["payloadEncoding", 401, "Jwt payload is an invalid Base64url encoded"],
  ["payloadJson", 401, "Jwt payload is an invalid JSON"],
  ["exp", 401, "Jwt payload [exp] field is not an integer"],
  ["issuer", 401, "Jwt issuer is not configured"],
  ["signature", 401, "Jwt verification fails"],
  ["noFittingKey", 401, "Jwks doesn't have key to match kid or alg from Jwt"],
  ["noKeys", 401, "Jwks doesn't have any valid public key"],
  ["keysUnfetched", 401, "Jwks remote fetch is failed"],
  ["severalTokens", 401, "Found multiple Jwt tokens"],
  ["audience", 403, "Audiences in Jwt are not allowed"],
];
for (const [because, status, body] of rows) {
  Deno.test(`refusalReply() for ${because} is ${status}`, () => {
    const reply = refusalReply(REQUEST, because);
    assert.equal(reply.status, status);
    assert.equal(reply.body, body);
    assert.equal(refusalText(because), body);
    const error = because === "missing" ? "" : ', error="invalid_token"';
    assert.deepEqual(reply.headers, [
      ["content-length", `${body.length}`],
      ["content-type", "text/plain"],
      ["www-authenticate", `Bearer realm="http://web.shop:80/a"${error}`],
    ]);
  });
}

Deno.test("refusalDetails() has no spaces", () => {
  assert.equal(
    refusalDetails("expired"),
    "jwt_authn_access_denied{Jwt_is_expired}",
  );
});

Deno.test("refusalReply() keeps a realm short and within its quotes", () => {
  const path = `/"x\\${"a".repeat(500)}`;
  const { headers } = refusalReply({ ...REQUEST, path }, "expired");
  const value = headerValue(headers, "www-authenticate") ?? "";
  assert.match(value, /^Bearer realm="http:\/\/web.shop:80\/%22x%5Ca+", error/);
  assert.ok(value.length < 320);
});

Deno.test("refusalReply() tells gRPC that it is unauthenticated", () => {
  const headers = [["content-type", "application/grpc"]] as const;
  const reply = refusalReply(request({ headers }), "expired");
  assert.equal(reply.status, 200);
  assert.equal(headerValue(reply.headers, "grpc-status"), "16");
});
