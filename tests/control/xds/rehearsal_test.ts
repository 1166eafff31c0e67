import assert from "node:assert/strict";
import { rehearseUpdate } from "../../../src/control/xds/rehearsal.ts";

Deno.test("rehearseUpdate() reads thousands of workloads, and refuses none", async () => {
  assert.equal(await rehearseUpdate(), 2_000);
});
