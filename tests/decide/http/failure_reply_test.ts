import assert from "node:assert/strict";
import {
  type Failure,
  failureReply,
} from "../../../src/decide/http/failure_reply.ts";
import { headerOf } from "../../../src/decide/http/headers.ts";
import { request } from "./routes.ts";

const RESET =
  "upstream connect error or disconnect/reset before headers. reset reason:";
const rows: [
  failure: Failure,
  status: number,
  grpcStatus: string,
  flag: string,
  body: string,
][] = [
  ["path-too-long", 414, "2", "-", ""],
  ["no-route", 404, "12", "NR", ""],
  ["invalid-backend", 500, "2", "-", ""],
  ["no-healthy-endpoint", 503, "14", "UH", "no healthy upstream"],
  ["connect-failure", 503, "14", "UF", `${RESET} connection failure`],
  [
    "connection-termination",
    503,
    "14",
    "UC",
    `${RESET} connection termination`,
  ],
  ["remote-reset", 503, "14", "UR", `${RESET} remote reset`],
  ["protocol-error", 502, "14", "UPE", `${RESET} protocol error`],
  ["retries-exhausted", 503, "14", "URX", `${RESET} connection failure`],
  ["timeout", 504, "14", "UT", "upstream request timeout"],
];
for (const [failure, status, grpcStatus, flag, body] of rows) {
  Deno.test(`failureReply() tells HTTP of ${failure}`, () => {
    const reply = failureReply(failure, request("/"));
    assert.equal(reply.status, status);
    assert.equal(reply.body, body);
    assert.equal(reply.flag, flag);
    assert.equal(headerOf(reply.headers, "content-length"), `${body.length}`);
  });

  Deno.test(`failureReply() tells gRPC of ${failure}`, () => {
    const headers = [["content-type", "application/grpc"]] as const;
    const reply = failureReply(failure, request("/", { headers }));
    assert.equal(reply.status, 200);
    assert.equal(reply.body, "");
    assert.equal(headerOf(reply.headers, "grpc-status"), grpcStatus);
    assert.equal(headerOf(reply.headers, "grpc-message") ?? "", body);
  });
}

Deno.test("failureReply() gives UNAVAILABLE for a GRPCRoute's invalid backend", () => {
  const headers = [["content-type", "application/grpc+proto"]] as const;
  const grpc = failureReply(
    "invalid-backend",
    request("/", { headers }),
    "GRPCRoute",
  );
  assert.equal(headerOf(grpc.headers, "grpc-status"), "14");
  assert.equal(
    failureReply("invalid-backend", request("/"), "GRPCRoute").status,
    500,
  );
});
