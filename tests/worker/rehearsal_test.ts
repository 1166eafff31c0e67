import assert from "node:assert/strict";
import { rehearse } from "../../src/worker/rehearsal.ts";

Deno.test("rehearse() takes thousands of workloads, each of its own", () => {
  assert.equal(rehearse(), 3_000);
});
