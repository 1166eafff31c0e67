import assert from "node:assert/strict";
import { randomOctets } from "../../src/worker/random_octets.ts";

Deno.test("randomOctets() gives as many as are asked for, and none twice", () => {
  const seen = new Set<string>();
  for (let i = 0; i < 2_000; i++) {
    const octets = randomOctets(16);
    assert.equal(octets.length, 16);
    seen.add(octets.toHex());
  }
  assert.equal(seen.size, 2_000);
});

for (const count of [0, 1, 4_095, 4_096, 4_097, 65_536]) {
  Deno.test(`randomOctets() gives ${count}`, () => {
    assert.equal(randomOctets(count).length, count);
  });
}
