import assert from "node:assert/strict";
import fc from "fast-check";
import {
  packSpec,
  saysTheSame,
  unpackSpec,
} from "../../src/kube/packed_spec.ts";
import type { KubeObject } from "../../src/kube/objects.ts";
import { parsed, type Raw, raw } from "./objects.ts";

const spec = fc.dictionary(fc.string(), fc.jsonValue());

Deno.test("unpackSpec() gives back any spec, fields in their order", () => {
  fc.assert(
    fc.property(spec, (spec) => {
      const packed = packSpec(spec);
      assert.equal(JSON.stringify(unpackSpec(packed)), JSON.stringify(spec));
    }),
  );
});

const routeOf = (spec: Raw): KubeObject =>
  parsed(raw("HTTPRoute", "a", { spec }))[0]!;
const podOf = (labels: Raw): KubeObject =>
  parsed(raw("Pod", "a", { metadata: { labels } }))[0]!;

const rows: [name: string, a: KubeObject, b: KubeObject, same: boolean][] = [
  ["routes of one text", routeOf({ a: 1 }), routeOf({ a: 1 }), true],
  [
    "routes whose fields are in another order",
    routeOf({ a: { b: 1, c: 2 }, d: [] }),
    routeOf({ d: [], a: { c: 2, b: 1 } }),
    true,
  ],
  ["routes that differ", routeOf({ a: 1 }), routeOf({ a: 2 }), false],
  [
    "lists in another order",
    routeOf({ a: [1, 2] }),
    routeOf({ a: [2, 1] }),
    false,
  ],
  ["other kinds", podOf({ a: "1", b: "2" }), podOf({ b: "2", a: "1" }), true],
  ["other kinds that differ", podOf({ a: "1" }), podOf({ a: "2" }), false],
];
for (const [name, a, b, same] of rows) {
  Deno.test(`saysTheSame() of ${name} is ${same}`, () => {
    assert.equal(saysTheSame(a, b), same);
    assert.equal(saysTheSame(b, a), same);
  });
}

Deno.test("parseObject() keeps all that a route says", () => {
  const spec = { rules: [{ backendRefs: [{ name: "a", port: 80 }] }] };
  const [object] = parsed(raw("HTTPRoute", "a", { spec }));
  assert.equal(object?.kind === "HTTPRoute" && object.spec, packSpec(spec));
});
