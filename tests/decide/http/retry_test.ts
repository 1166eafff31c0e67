import assert from "node:assert/strict";
import {
  DEFAULT_RETRY,
  type FailedAttempt,
  fitsBudget,
  judgeRetry,
  type RetryLoad,
  retryOn,
  retryPauseMs,
  retryPolicy,
  type RetryVerdict,
} from "../../../src/decide/http/retry.ts";

const asked = retryPolicy({ codes: [500, 503], attempts: 1, backoffMs: 100 });
const rows: [
  name: string,
  failed: FailedAttempt,
  byDefault: boolean,
  asked: boolean,
][] = [
  ["a failed connect", { kind: "connect-failure" }, true, true],
  ["a refused stream", { kind: "refused-stream" }, true, true],
  ["a reset", { kind: "reset" }, false, true],
  [
    "a stale connection with what may be repeated",
    { kind: "stale-connection", method: "GET" },
    true,
    true,
  ],
  [
    "a stale connection with what may not",
    { kind: "stale-connection", method: "POST" },
    false,
    true,
  ],
  ["an attempt out of time", { kind: "timeout" }, false, true],
  ["a status that is named", { kind: "response", status: 503 }, false, true],
  [
    "a status that is not named",
    { kind: "response", status: 502 },
    false,
    false,
  ],
  [
    "gRPC's UNAVAILABLE",
    { kind: "response", status: 200, grpcStatus: 14 },
    true,
    true,
  ],
  [
    "gRPC's CANCELLED",
    { kind: "response", status: 200, grpcStatus: 1 },
    true,
    true,
  ],
  [
    "gRPC's INTERNAL",
    { kind: "response", status: 200, grpcStatus: 13 },
    false,
    false,
  ],
  ["success", { kind: "response", status: 200, grpcStatus: 0 }, false, false],
];
for (const [name, failed, byDefault, byRoute] of rows) {
  Deno.test(`retryOn() judges ${name}`, () => {
    assert.equal(retryOn(DEFAULT_RETRY, failed), byDefault);
    assert.equal(retryOn(asked, failed), byRoute);
  });
}

Deno.test("retryPolicy() takes Istio's default without a route's own", () => {
  assert.equal(retryPolicy(undefined), DEFAULT_RETRY);
  assert.equal(retryPolicy({ codes: [] }).attempts, 2);
  assert.equal(asked.attempts, 1);
});

const UNCONNECTED = { kind: "connect-failure" } as const;
const budgetRows: [load: RetryLoad, fits: boolean][] = [
  [{ requests: 1, retries: 0 }, true],
  [{ requests: 1, retries: 2 }, true],
  [{ requests: 1, retries: 3 }, false],
  [{ requests: 19, retries: 3 }, false],
  [{ requests: 20, retries: 3 }, true],
  [{ requests: 20, retries: 4 }, false],
  [{ requests: 1_000, retries: 199 }, true],
  [{ requests: 1_000, retries: 200 }, false],
];
for (const [load, fits] of budgetRows) {
  Deno.test(`fitsBudget() sees ${load.retries} retries of ${load.requests}`, () => {
    assert.equal(fitsBudget(load), fits);
  });
}

const free = { requests: 1, retries: 0 };
const full = { requests: 1, retries: 3 };
const verdicts: [
  name: string,
  failed: FailedAttempt,
  at: { made: number; load: RetryLoad },
  verdict: RetryVerdict,
][] = [
  ["a failed connect", UNCONNECTED, { made: 1, load: free }, "retry"],
  [
    "the attempt before the last",
    UNCONNECTED,
    { made: 2, load: free },
    "retry",
  ],
  ["the last attempt", UNCONNECTED, { made: 3, load: free }, "final"],
  ["too many retries", UNCONNECTED, { made: 1, load: full }, "over-budget"],
  [
    "the last attempt of too many",
    UNCONNECTED,
    { made: 3, load: full },
    "final",
  ],
  ["no reason", { kind: "reset" }, { made: 1, load: free }, "final"],
  [
    "no reason and too many",
    { kind: "reset" },
    { made: 1, load: full },
    "final",
  ],
];
for (const [name, failed, at, verdict] of verdicts) {
  Deno.test(`judgeRetry() says ${verdict} for ${name}`, () => {
    assert.equal(judgeRetry(DEFAULT_RETRY, failed, at), verdict);
  });
}

const pauseRows: [
  name: string,
  policy: typeof asked,
  made: number,
  random: number,
  pause: number,
][] = [
  ["at once by chance", DEFAULT_RETRY, 1, 0, 0],
  ["up to the base", DEFAULT_RETRY, 1, 0.5, 12.5],
  ["up to twice the base", DEFAULT_RETRY, 2, 0.5, 25],
  ["up to ten times the base", DEFAULT_RETRY, 9, 0.5, 125],
  ["as long as the route asks for", asked, 1, 0.9, 100],
  ["longer than the route asks for", asked, 2, 0.5, 150],
];
for (const [name, policy, made, random, pause] of pauseRows) {
  Deno.test(`retryPauseMs() waits ${name}`, () => {
    assert.equal(retryPauseMs(policy, made, () => random), pause);
  });
}
