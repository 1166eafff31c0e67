import assert from "node:assert/strict";
import {
  tokenDigest,
  VerifiedTokens,
} from "../../../src/proxy/tokens/verified_tokens.ts";

const SET = { keys: [] };

Deno.test("VerifiedTokens knows a token by key set", () => {
  const verified = new VerifiedTokens();
  verified.add(SET, "a");
  assert.equal(verified.has(SET, "a"), true);
  assert.equal(verified.has(SET, "b"), false);
  assert.equal(verified.has({ keys: [] }, "a"), false);
});

Deno.test("VerifiedTokens forgets what was not used for longest", () => {
  const verified = new VerifiedTokens(2);
  verified.add(SET, "a");
  verified.add(SET, "b");
  assert.equal(verified.has(SET, "a"), true);
  verified.add(SET, "c");
  assert.deepEqual(
    ["a", "b", "c"].map((digest) => verified.has(SET, digest)),
    [true, false, true],
  );
});

Deno.test("tokenDigest() is SHA-256", async () => {
  assert.equal(
    await tokenDigest("abc"),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});
