import assert from "node:assert/strict";
import {
  moreUrgent,
  takeMostUrgent,
} from "../../../src/control/certificates/priority.ts";

Deno.test("takeMostUrgent() takes by urgency, then in order", () => {
  const waiting = [
    { name: "a", priority: "background" },
    { name: "b", priority: "warmup" },
    { name: "c", priority: "realTime" },
    { name: "d", priority: "warmup" },
    { name: "e", priority: "realTime" },
  ] as const;
  const rest = [...waiting];
  const taken = waiting.map(() => takeMostUrgent(rest)?.name);
  assert.deepEqual(taken, ["c", "e", "b", "d", "a"]);
  assert.equal(takeMostUrgent(rest), undefined);
});

Deno.test("moreUrgent() returns the more urgent of two", () => {
  assert.equal(moreUrgent("background", "warmup"), "warmup");
  assert.equal(moreUrgent("realTime", "warmup"), "realTime");
});
