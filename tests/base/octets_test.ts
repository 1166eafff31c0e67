import assert from "node:assert/strict";
import { joined } from "../../src/base/octets.ts";

Deno.test("joined() puts all octets into one buffer, in order", () => {
  const chunks = [Uint8Array.of(1, 2), new Uint8Array(), Uint8Array.of(3)];
  assert.deepEqual(joined(chunks), Uint8Array.of(1, 2, 3));
  assert.deepEqual(joined([]), new Uint8Array());
});
