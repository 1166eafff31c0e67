import assert from "node:assert/strict";
import {
  JWKS_KEYS_MAX,
  JWKS_SIZE_MAX,
} from "../../../src/control/jwks/limits.ts";
import { parseKeys } from "../../../src/control/jwks/parse_keys.ts";

const KEY = { kty: "RSA", kid: "a" };
const keys = (...list: unknown[]) => JSON.stringify({ keys: list });

const bad: [name: string, text: string, why: string][] = [
  ["nothing", "", "is not a JSON object"],
  ["HTML", "<html>", "is not a JSON object"],
  ["a list", "[]", "is not a JSON object"],
  ["null", "null", "is not a JSON object"],
  ["no keys", "{}", 'has no list "keys"'],
  ["keys that are no list", '{"keys":{}}', 'has no list "keys"'],
  ["an empty list", keys(), "has no key"],
  ["garbage in the list", keys(1, null, "x", {}, { kty: 1 }), "has no key"],
  [
    "too many keys",
    keys(...Array(JWKS_KEYS_MAX + 1).fill(KEY)),
    `has over ${JWKS_KEYS_MAX} keys`,
  ],
  ["too much text", " ".repeat(JWKS_SIZE_MAX + 1), "is too large"],
];
for (const [name, text, why] of bad) {
  Deno.test(`parseKeys() refuses ${name}`, () => {
    assert.deepEqual(parseKeys(text), { kind: "bad", why });
  });
}

Deno.test("parseKeys() keeps the keys among garbage", () => {
  const state = parseKeys(keys(null, KEY, {}));
  assert.deepEqual(state, { kind: "keys", set: { keys: [KEY] } });
});
