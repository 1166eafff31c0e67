import assert from "node:assert/strict";
import {
  fittingKeys,
  isTokenAlgorithm,
  type KeyFields,
  type TokenAlgorithm,
} from "../../../src/decide/token/algorithms.ts";

const RSA = { kty: "RSA" };
const P256 = { kty: "EC", crv: "P-256" };
const P384 = { kty: "EC", crv: "P-384" };
const P521 = { kty: "EC", crv: "P-521" };
const ED25519 = { kty: "OKP", crv: "Ed25519" };
const ED448 = { kty: "OKP", crv: "Ed448" };
const SECRET = { kty: "oct" };
const ALL = [RSA, P256, P384, P521, ED25519, ED448, SECRET];

const kinds: [algorithms: TokenAlgorithm[], key: KeyFields][] = [
  [["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"], RSA],
  [["ES256"], P256],
  [["ES384"], P384],
  [["ES512"], P521],
  [["EdDSA"], ED25519],
  [["HS256", "HS384", "HS512"], SECRET],
];
for (const [algorithms, key] of kinds) {
  for (const algorithm of algorithms) {
    Deno.test(`${algorithm} takes ${JSON.stringify(key)} alone`, () => {
      assert.ok(isTokenAlgorithm(algorithm));
      const found = fittingKeys(ALL, { algorithm, kid: undefined });
      assert.deepEqual(found, [key]);
    });
  }
}

const named = (kid: string | undefined, fields: KeyFields = {}) => ({
  ...RSA,
  ...kid === undefined ? {} : { kid },
  ...fields,
});
const choices: [
  name: string,
  keys: KeyFields[],
  kid: string | undefined,
  chosen: number[],
][] = [
  ["the key of that name", [named("a"), named("b")], "b", [1]],
  ["both keys of one name", [named("a"), named("a")], "a", [0, 1]],
  ["nothing for an unknown name", [named("a")], "x", []],
  [
    "keys without name for an unknown name",
    [named("a"), named(undefined)],
    "x",
    [
      1,
    ],
  ],
  [
    "not those without name when one is named",
    [named(undefined), named("a")],
    "a",
    [
      1,
    ],
  ],
  [
    "all without a name in the token",
    [named("a"), named(undefined)],
    undefined,
    [
      0,
      1,
    ],
  ],
  ["no key for another algorithm", [named("a", { alg: "RS512" })], "a", []],
  ["no key for encryption", [named("a", { use: "enc" })], "a", []],
  ["a key for signatures", [named("a", { use: "sig" })], "a", [0]],
  [
    "no key that may not verify",
    [named("a", { key_ops: ["encrypt"] })],
    "a",
    [],
  ],
  ["a key that may verify", [named("a", { key_ops: ["verify"] })], "a", [0]],
];
for (const [name, keys, kid, chosen] of choices) {
  Deno.test(`fittingKeys() gives ${name}`, () => {
    const found = fittingKeys(keys, { algorithm: "RS256", kid });
    assert.deepEqual(found, chosen.map((index) => keys[index]));
  });
}
