import assert from "node:assert/strict";
import {
  attemptLimitMs,
  requestLeftMs,
} from "../../../src/decide/http/timeouts.ts";
import type { RouteTimeouts } from "../../../src/model/http_route.ts";

const rows: [
  name: string,
  timeouts: RouteTimeouts,
  elapsed: number,
  limit: number | undefined,
][] = [
  ["no limit", {}, 5, undefined],
  ["the request's", { requestMs: 100 }, 0, 100],
  ["what is left of the request's", { requestMs: 100 }, 30, 70],
  ["nothing when the time is over", { requestMs: 100 }, 130, 0],
  ["the attempt's", { attemptMs: 40 }, 130, 40],
  [
    "the attempt's within the request's",
    { requestMs: 100, attemptMs: 40 },
    30,
    40,
  ],
  [
    "the request's within the attempt's",
    { requestMs: 100, attemptMs: 40 },
    80,
    20,
  ],
];
for (const [name, timeouts, elapsed, limit] of rows) {
  Deno.test(`attemptLimitMs() is ${name}`, () => {
    assert.equal(attemptLimitMs(timeouts, elapsed), limit);
  });
}

Deno.test("requestLeftMs() does not know of attempts", () => {
  assert.equal(requestLeftMs({ attemptMs: 40 }, 30), undefined);
  assert.equal(requestLeftMs({ requestMs: 100, attemptMs: 40 }, 30), 70);
  assert.equal(requestLeftMs({ requestMs: 100 }, 130), 0);
});
