import assert from "node:assert/strict";
import { Loads } from "../../../src/proxy/waypoint/loads.ts";

Deno.test("Loads counts what is under way at a workload until it is over", () => {
  const loads = new Loads();
  const first = loads.begin("a");
  {
    using _second = loads.begin("a");
    using _other = loads.begin("b");
    assert.deepEqual([loads.at("a"), loads.at("b"), loads.at("c")], [2, 1, 0]);
  }
  assert.deepEqual([loads.at("a"), loads.at("b")], [1, 0]);
  first[Symbol.dispose]();
  assert.equal(loads.at("a"), 0);
});

Deno.test("Loads holds one load a service, and one for pods called by address", () => {
  const loads = new Loads();
  const service = loads.of("ns/a");
  service.requests++;
  assert.equal(loads.of("ns/a"), service);
  assert.deepEqual(loads.of("ns/b"), { requests: 0, retries: 0, turns: 0 });
  assert.equal(loads.of(undefined), loads.of(undefined));
  assert.notEqual(loads.of(undefined), service);
});
