import assert from "node:assert/strict";
import { isGrpc, localReply } from "../../../src/decide/http/local_reply.ts";
import { request } from "../../support/http_samples.ts";

const GRPC = request({ headers: [["content-type", "application/grpc"]] });

Deno.test("localReply() is plain text with its length", () => {
  const body = "RBAC: access denied";
  assert.deepEqual(localReply(request(), { status: 403, body }), {
    status: 403,
    headers: [["content-length", "19"], ["content-type", "text/plain"]],
    body,
  });
});

Deno.test("localReply() without body has no content type", () => {
  const reply = localReply(request(), { status: 403, body: "" });
  assert.deepEqual(reply.headers, [["content-length", "0"]]);
});

Deno.test("localReply() keeps the headers that it is given", () => {
  const headers = [["www-authenticate", "Bearer"]] as const;
  const text = { status: 401, body: "no", headers };
  assert.deepEqual(localReply(request(), text).headers.at(-1), headers[0]);
  assert.deepEqual(localReply(GRPC, text).headers.at(-1), headers[0]);
});

Deno.test("localReply() tells gRPC in headers alone", () => {
  const reply = localReply(GRPC, { status: 403, body: "RBAC: access denied" });
  assert.deepEqual(reply, {
    status: 200,
    headers: [
      ["content-type", "application/grpc"],
      ["grpc-status", "7"],
      ["grpc-message", "RBAC: access denied"],
    ],
    body: "",
  });
});

Deno.test("localReply() encodes what a gRPC message may not hold", () => {
  const { headers } = localReply(GRPC, { status: 500, body: "100%\né" });
  assert.deepEqual(headers.slice(1), [
    ["grpc-status", "2"],
    ["grpc-message", "100%25%0A%C3%A9"],
  ]);
});

const statuses: [http: number, grpc: string][] = [
  [400, "13"],
  [401, "16"],
  [403, "7"],
  [404, "12"],
  [429, "14"],
  [502, "14"],
  [503, "14"],
  [504, "14"],
  [418, "2"],
];
for (const [status, grpc] of statuses) {
  Deno.test(`localReply() makes gRPC status ${grpc} of ${status}`, () => {
    const { headers } = localReply(GRPC, { status, body: "" });
    assert.deepEqual(headers[1], ["grpc-status", grpc]);
  });
}

const types: [type: string, is: boolean][] = [
  ["application/grpc", true],
  ["application/grpc+proto", true],
  ["application/grpc-web", false],
  ["application/json", false],
];
for (const [type, is] of types) {
  Deno.test(`isGrpc() is ${is} for ${type}`, () => {
    assert.equal(isGrpc([["content-type", type]]), is);
  });
}
