import assert from "node:assert/strict";
import fc from "fast-check";
import { formatProblem } from "../../src/kube/problem.ts";
import { parseObject } from "../../src/kube/parse.ts";
import { translate } from "../../src/kube/translate.ts";
import { KINDS } from "../../src/kube/kinds.ts";

const anyObject = fc.record({
  apiVersion: fc.constantFrom(
    "v1",
    "security.istio.io/v1",
    "networking.istio.io/v1",
    "gateway.networking.k8s.io/v1",
    "discovery.k8s.io/v1",
  ),
  kind: fc.constantFrom(...Object.keys(KINDS)),
  metadata: fc.oneof(
    fc.constant({ name: "a" }),
    fc.jsonValue({ maxDepth: 2 }),
  ),
  spec: fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.record({
      hosts: fc.jsonValue({ maxDepth: 1 }),
      rules: fc.jsonValue({ maxDepth: 3 }),
      ports: fc.jsonValue({ maxDepth: 2 }),
      selector: fc.jsonValue({ maxDepth: 2 }),
    }, { requiredKeys: [] }),
  ),
  status: fc.jsonValue({ maxDepth: 2 }),
}, { requiredKeys: ["apiVersion", "kind"] });

Deno.test("parseObject() answers any JSON, in lines without breaks", () => {
  fc.assert(
    fc.property(fc.oneof(anyObject, fc.jsonValue()), (raw) => {
      const result = parseObject(raw);
      if (result.kind !== "bad") return;
      assert.ok(result.problems.length > 0);
      for (const problem of result.problems) {
        assert.ok(!formatProblem(problem).includes("\n"));
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("translate() takes whatever parseObject() took", () => {
  fc.assert(
    fc.property(fc.array(anyObject, { maxLength: 5 }), (raws) => {
      const objects = raws.map(parseObject)
        .flatMap((result) => result.kind === "object" ? [result.object] : []);
      translate(objects);
    }),
    { numRuns: 300 },
  );
});
