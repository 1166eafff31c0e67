import assert from "node:assert/strict";
import {
  type ParsedToken,
  parseToken,
} from "../../../src/decide/token/token.ts";
import { KEYS_TRIED_MAX } from "../../../src/proxy/tokens/limits.ts";
import { checkSignature } from "../../../src/proxy/tokens/signature.ts";
import { setOf, sign, signingKey } from "../../support/token_issuer.ts";

const RSA = await signingKey("RS256", "rsa");
const EC = await signingKey("ES256", "ec");

function parsed(text: string): ParsedToken {
  const token = parseToken(text);
  assert.ok(typeof token === "object", `${JSON.stringify(token)}`);
  return token;
}

for (
  const algorithm of [
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "HS256",
    "HS384",
    "HS512",
  ]
) {
  Deno.test(`checkSignature() verifies ${algorithm}`, async () => {
    const key = await signingKey(algorithm);
    const other = await signingKey(algorithm);
    const token = parsed(await sign(key, { sub: "a" }));
    assert.equal(await checkSignature(token, setOf(key)), "good");
    assert.equal(await checkSignature(token, setOf(other)), "bad");
  });
}

Deno.test("checkSignature() sees a changed payload", async () => {
  const [header, , signature] = (await sign(RSA, { sub: "a" })).split(".");
  const [, payload] = (await sign(RSA, { sub: "b" })).split(".");
  const token = parsed(`${header}.${payload}.${signature}`);
  assert.equal(await checkSignature(token, setOf(RSA)), "bad");
});

Deno.test("checkSignature() takes no empty signature", async () => {
  const text = (await sign(RSA, {})).replace(/[^.]*$/, "");
  assert.equal(await checkSignature(parsed(text), setOf(RSA)), "bad");
});

Deno.test("checkSignature() never takes a public key as a secret", async () => {
  const secret = new TextEncoder().encode(JSON.stringify(RSA.jwk));
  const forged = { algorithm: "HS256", privateKey: secret, jwk: RSA.jwk };
  const token = parsed(await sign(forged, { sub: "root" }));
  assert.equal(await checkSignature(token, setOf(RSA)), "no-key");
});

Deno.test("checkSignature() tries every key that fits a token without kid", async () => {
  const nameless = await signingKey("ES256", null);
  const token = parsed(await sign(nameless, {}));
  assert.equal(token.kid, undefined);
  assert.equal(await checkSignature(token, setOf(RSA, EC, nameless)), "good");
});

Deno.test("checkSignature() goes by kid", async () => {
  const token = parsed(await sign(EC, {}, { kid: "other" }));
  assert.equal(await checkSignature(token, setOf(EC)), "no-key");
  const twice = setOf(await signingKey("ES256", "ec"), EC);
  assert.equal(await checkSignature(parsed(await sign(EC, {})), twice), "good");
});

Deno.test("checkSignature() counts a key that cannot be used as one that did not sign", async () => {
  const broken = { ...EC, jwk: { ...EC.jwk, x: "AA" } };
  const token = parsed(await sign(EC, {}));
  assert.equal(await checkSignature(token, setOf(broken)), "bad");
  assert.equal(await checkSignature(token, setOf(broken, EC)), "good");
});

Deno.test("checkSignature() refuses a critical header that it does not know", async () => {
  const [, payload, signature] = (await sign(EC, {})).split(".");
  const header = btoa('{"alg":"ES256","kid":"ec","crit":["x"],"x":1}')
    .replace(/=+$/, "");
  const token = parsed(`${header}.${payload}.${signature}`);
  assert.equal(await checkSignature(token, setOf(EC)), "bad");
});

Deno.test("checkSignature() tries no more keys than its limit", async () => {
  const right = await signingKey("EdDSA", null);
  const others = Array(KEYS_TRIED_MAX).fill(
    await signingKey("EdDSA", null),
  );
  const token = parsed(await sign(right, {}));
  assert.equal(await checkSignature(token, setOf(...others, right)), "bad");
  const within = setOf(...others.slice(1), right);
  assert.equal(await checkSignature(token, within), "good");
});
