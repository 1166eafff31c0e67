import assert from "node:assert/strict";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  BACKOFF_MAX_MS,
  BACKOFF_MIN_MS,
} from "../../../src/control/xds/limits.ts";
import {
  kindOfEnd,
  nextDelayMs,
  shortened,
  type StreamEnd,
} from "../../../src/control/xds/stream_end.ts";

const error = (code: Code, message = "m") => new ConnectError(message, code);
const opened = { opened: true, delivered: false };
const delivered = { opened: true, delivered: true };
const closed = { opened: false, delivered: false };

const ends: [end: StreamEnd, kind: string][] = [
  [{ reason: undefined, ...delivered }, "Complete"],
  [{ reason: undefined, ...closed }, "Complete"],
  [{ reason: error(Code.Unauthenticated), ...closed }, "ConnectionError"],
  [{ reason: error(Code.Unknown), ...closed }, "ConnectionError"],
  [{ reason: new Error("refused"), ...closed }, "ConnectionError"],
  [{ reason: error(Code.Unknown), ...opened }, "Reconnect"],
  [{ reason: error(Code.Canceled), ...opened }, "Reconnect"],
  [{ reason: error(Code.DeadlineExceeded), ...opened }, "Reconnect"],
  [
    { reason: error(Code.Unavailable, "transport is closing"), ...opened },
    "Reconnect",
  ],
  [
    { reason: error(Code.Unavailable, "received prior goaway: x"), ...opened },
    "Reconnect",
  ],
  [{ reason: error(Code.Unavailable, "down"), ...opened }, "Error"],
  [{ reason: error(Code.ResourceExhausted), ...delivered }, "Error"],
  [{ reason: error(Code.Internal), ...delivered }, "Error"],
  [{ reason: new TypeError("bug"), ...delivered }, "Error"],
];
for (const [end, kind] of ends) {
  Deno.test(`kindOfEnd() of ${end.reason}, opened: ${end.opened}, is ${kind}`, () => {
    assert.equal(kindOfEnd(end), kind);
  });
}

const MIN = BACKOFF_MIN_MS;
const delays: [what: string, end: StreamEnd, beforeMs: number, ms: number][] = [
  ["is twice the first", { reason: error(1), ...closed }, MIN, 20],
  ["is twice the one before", { reason: error(1), ...closed }, 20, 40],
  ["has a cap", { reason: error(1), ...closed }, 10_000, BACKOFF_MAX_MS],
  ["keeps to the cap", { reason: error(1), ...closed }, 15_000, 15_000],
  [
    "begins anew after a response",
    { reason: error(8), ...delivered },
    9_000,
    20,
  ],
  ["is short after a restart", { reason: error(2), ...delivered }, 9_000, MIN],
  [
    "is short after an end in order",
    { reason: undefined, ...delivered },
    9_000,
    MIN,
  ],
  [
    "grows where nothing is delivered",
    { reason: undefined, ...opened },
    40,
    80,
  ],
  [
    "grows where a restart delivers nothing",
    { reason: error(2), ...opened },
    40,
    80,
  ],
];
for (const [what, end, beforeMs, ms] of delays) {
  Deno.test(`nextDelayMs() ${what}`, () => {
    assert.equal(nextDelayMs(end, beforeMs), ms);
  });
}

Deno.test("shortened() takes off a fifth at most", () => {
  assert.deepEqual([0, 0.5, 1].map((random) => shortened(1000, random)), [
    1000,
    900,
    800,
  ]);
});
