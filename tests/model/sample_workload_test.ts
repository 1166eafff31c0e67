import assert from "node:assert/strict";
import { sampleWorkload } from "../../src/model/sample_workload.ts";

Deno.test("sampleWorkload() gives each number names and an address of its own, and 16 a service", () => {
  const samples = Array.from({ length: 4_096 }, (_, at) => sampleWorkload(at));
  const distinct = (values: string[]) => new Set(values).size;
  assert.equal(distinct(samples.map(({ uid }) => uid)), 4_096);
  assert.equal(distinct(samples.flatMap(({ ips }) => ips)), 4_096);
  const services = samples.flatMap(({ services }) => Object.keys(services));
  assert.equal(distinct(services), 4_096 / 16);
});
