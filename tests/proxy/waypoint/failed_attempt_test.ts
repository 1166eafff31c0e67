import assert from "node:assert/strict";
import { StreamResetError } from "../../../src/net/h2_stream.ts";
import { ExchangeError } from "../../../src/net/http1_session.ts";
import {
  broken,
  declined,
  noEndpoint,
  notConnected,
  responseOf,
} from "../../../src/proxy/waypoint/failed_attempt.ts";
import { H2Code } from "../../../src/wire/h2/mod.ts";

const endings: [
  name: string,
  error: Error | undefined,
  failed: object,
  failure: string,
][] = [
  [
    "a stream that was refused",
    new StreamResetError(H2Code.REFUSED_STREAM),
    { kind: "refused-stream" },
    "remote-reset",
  ],
  [
    "a stream that was reset",
    new StreamResetError(H2Code.INTERNAL_ERROR),
    { kind: "reset" },
    "remote-reset",
  ],
  [
    "an answer that breaks the protocol",
    new ExchangeError("refused", true),
    { kind: "reset" },
    "protocol-error",
  ],
  [
    "a kept connection that ends without a word",
    new ExchangeError("unanswered", true),
    { kind: "stale-connection", method: "GET" },
    "connection-termination",
  ],
  [
    "a new connection that ends without a word",
    new ExchangeError("unanswered", false),
    { kind: "reset" },
    "connection-termination",
  ],
  [
    "a kept connection that ends in its answer",
    new ExchangeError("truncated", true),
    { kind: "reset" },
    "connection-termination",
  ],
  [
    "an end in good order",
    undefined,
    { kind: "reset" },
    "connection-termination",
  ],
];
for (const [name, error, failed, failure] of endings) {
  Deno.test(`broken() takes ${name} for ${failure}`, () => {
    const tried = broken(error, "GET");
    assert.deepEqual([tried.failed, tried.failure], [failed, failure]);
    assert.equal(
      tried.because,
      error?.message ?? "closed without a response",
    );
  });
}

Deno.test("responseOf() reads both statuses", () => {
  assert.deepEqual(responseOf([[":status", "503"]]), {
    kind: "response",
    status: 503,
  });
  assert.deepEqual(responseOf([[":status", "200"], ["grpc-status", "14"]]), {
    kind: "response",
    status: 200,
    grpcStatus: 14,
  });
});

Deno.test("an attempt that never reached anybody may be made again, without an endpoint not", () => {
  assert.deepEqual(notConnected(new Error("no")).failed, {
    kind: "connect-failure",
  });
  assert.equal(notConnected(new Error("no")).because, "no");
  assert.equal(noEndpoint("none").failed, undefined);
  assert.equal(noEndpoint("none").failure, "no-healthy-endpoint");
  assert.equal(declined([[":status", "500"]]).failure, "retries-exhausted");
});
