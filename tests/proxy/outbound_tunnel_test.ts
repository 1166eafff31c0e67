import assert from "node:assert/strict";
import fc from "fast-check";
import { poolKey } from "../../src/proxy/outbound_tunnel.ts";
import { at, pod } from "../support/sample_mesh.ts";

/** Names that try to look like the parts which are put beside them. */
const name = fc.array(
  fc.constantFrom("a", "b", " ", ",", '"', "\\", "[", "spiffe://x", ":15008"),
  { maxLength: 4 },
).map((parts) => parts.join(""));

const tunnel = fc.record({
  serviceAccount: name,
  port: fc.integer({ min: 1, max: 3 }),
  expected: fc.array(name, { maxLength: 3 }),
});

const keyOf = ({ serviceAccount, port, expected }: {
  readonly serviceAccount: string;
  readonly port: number;
  readonly expected: readonly string[];
}) =>
  poolKey({
    source: pod("web", [], { serviceAccount }),
    to: at("10.0.0.1", port),
    expected,
  });

Deno.test("poolKey() is the same for the same source, address and identities only", () => {
  fc.assert(
    fc.property(tunnel, tunnel, (a, b) => {
      const same = JSON.stringify(a) === JSON.stringify(b);
      assert.equal(keyOf(a) === keyOf(b), same);
      assert.equal(keyOf(a), keyOf({ ...a }));
    }),
    { numRuns: 2_000 },
  );
});

const alike: [
  what: string,
  one: readonly string[],
  other: readonly string[],
][] = [
  ["a name with a blank and two names", ["a b"], ["a", "b"]],
  ["a name with a comma and two names", ["a,b"], ["a", "b"]],
  ["a quoted name and two names", ['a","b'], ["a", "b"]],
  ["a name with a count in it and two names", ["a1:b"], ["a", "b"]],
  ["no name and an empty one", [], [""]],
  ["names in another order", ["a", "b"], ["b", "a"]],
];
for (const [what, one, other] of alike) {
  Deno.test(`poolKey() tells ${what} apart`, () => {
    const parts = { serviceAccount: "web", port: 1 };
    assert.notEqual(
      keyOf({ ...parts, expected: one }),
      keyOf({ ...parts, expected: other }),
    );
  });
}
