import assert from "node:assert/strict";
import fc from "fast-check";
import {
  isForAudience,
  type ParsedToken,
  parseToken,
  timeRefusal,
} from "../../../src/decide/token/token.ts";
import { TOKEN_LENGTH_MAX } from "../../../src/decide/token/limits.ts";
import type { TokenRefusal } from "../../../src/decide/token/refusal.ts";

const encode = (value: unknown): string =>
  new TextEncoder().encode(
    typeof value === "string" ? value : JSON.stringify(value),
  ).toBase64({ alphabet: "base64url", omitPadding: true });
const token = (
  header: unknown = { alg: "RS256" },
  payload: unknown = {},
  signature = "c2ln",
) => `${encode(header)}.${encode(payload)}.${signature}`;
const withPayload = (payload: unknown) => token(undefined, payload);

const refusals: [name: string, text: string, because: TokenRefusal][] = [
  ["nothing", "", "structure"],
  ["one section", "abc", "structure"],
  ["two sections", "a.b", "structure"],
  ["four sections", `${token()}.x`, "structure"],
  ["too much", `${token()}${"a".repeat(TOKEN_LENGTH_MAX)}`, "structure"],
  ["a header that is no base64url", `a+b.${encode({})}.s`, "headerEncoding"],
  ["a padded header", `e30=.${encode({})}.s`, "headerEncoding"],
  [
    "a header of an impossible length",
    `abcde.${encode({})}.s`,
    "headerEncoding",
  ],
  ["an empty header", `.${encode({})}.`, "headerJson"],
  ["a header that is no JSON", token("{"), "headerJson"],
  ["a header that is a list", token([]), "headerJson"],
  ["a header that is not UTF-8", `_w.${encode({})}.`, "headerJson"],
  ["no alg", token({}), "algorithm"],
  ["an alg that is a number", token({ alg: 1 }), "algorithm"],
  ["alg none", token({ alg: "none" }), "unknownAlgorithm"],
  ["alg None", token({ alg: "None" }), "unknownAlgorithm"],
  ["alg in lower case", token({ alg: "rs256" }), "unknownAlgorithm"],
  ["alg constructor", token({ alg: "constructor" }), "unknownAlgorithm"],
  ["a kid that is a number", token({ alg: "RS256", kid: 1 }), "kid"],
  ["a kid that is null", token({ alg: "RS256", kid: null }), "kid"],
  [
    "a payload that is no base64url",
    `${encode({ alg: "RS256" })}.a*b.s`,
    "payloadEncoding",
  ],
  ["a payload that is no JSON", withPayload("x"), "payloadJson"],
  ["a payload that is null", withPayload(null), "payloadJson"],
  ["an iss that is a number", withPayload({ iss: 1 }), "iss"],
  ["a sub that is a list", withPayload({ sub: ["a"] }), "sub"],
  ["an iat that is text", withPayload({ iat: "1" }), "iat"],
  ["an nbf with a fraction", withPayload({ nbf: 1.5 }), "nbf"],
  ["an exp that is text", withPayload({ exp: "9999999999" }), "exp"],
  ["an exp below zero", withPayload({ exp: -1 }), "exp"],
  ["an exp that is null", withPayload({ exp: null }), "exp"],
  ["an exp beyond all numbers", withPayload('{"exp":1e999}'), "exp"],
  ["a jti that is a number", withPayload({ jti: 1 }), "jti"],
  ["an aud that is a number", withPayload({ aud: 1 }), "aud"],
  ["an aud of numbers", withPayload({ aud: ["a", 1] }), "aud"],
  [
    "a signature that is none",
    token(undefined, {}, "a/b"),
    "signatureEncoding",
  ],
];
for (const [name, text, because] of refusals) {
  Deno.test(`parseToken() refuses ${name}`, () => {
    assert.equal(parseToken(text), because);
  });
}

Deno.test("parseToken() reads what it needs", () => {
  const payload = {
    iss: "https://i",
    sub: "ann",
    aud: "web",
    exp: 20,
    nbf: 10,
    other: { a: 1 },
  };
  const text = token({ alg: "ES256", kid: "k" }, payload);
  assert.deepEqual(parseToken(text), {
    text,
    algorithm: "ES256",
    kid: "k",
    payload,
    encodedPayload: encode(payload),
    issuer: "https://i",
    subject: "ann",
    audiences: ["web"],
    expiresSeconds: 20,
    notBeforeSeconds: 10,
  });
});

Deno.test("parseToken() takes claims that are absent as empty", () => {
  const parsed = parseToken(token());
  assert.ok(typeof parsed === "object");
  assert.equal(parsed.issuer, "");
  assert.equal(parsed.subject, "");
  assert.deepEqual(parsed.audiences, []);
  assert.equal(parsed.expiresSeconds, undefined);
});

const NOW = 1_000_000;
const times: [name: string, claims: Partial<ParsedToken>, because?: string][] =
  [
    ["no times", {}],
    ["an exp to come", { expiresSeconds: NOW + 1 }],
    ["an exp within the skew", { expiresSeconds: NOW - 60 }],
    ["an exp past the skew", { expiresSeconds: NOW - 61 }, "expired"],
    ["an nbf past", { notBeforeSeconds: NOW }],
    ["an nbf within the skew", { notBeforeSeconds: NOW + 60 }],
    ["an nbf past the skew", { notBeforeSeconds: NOW + 61 }, "notYetValid"],
  ];
for (const [name, claims, because] of times) {
  Deno.test(`timeRefusal() for ${name} is ${because}`, () => {
    const base = parseToken(token()) as ParsedToken;
    assert.equal(timeRefusal({ ...base, ...claims }, NOW * 1_000), because);
  });
}

const audiences: [has: string[], wants: string[], is: boolean][] = [
  [[], [], true],
  [["a"], [], true],
  [[], ["a"], false],
  [["b", "a"], ["a"], true],
  [["b"], ["a", "c"], false],
  [["https://a/"], ["a"], true],
  [["http://a"], ["https://a/"], true],
  [["a/b"], ["a"], false],
  [["A"], ["a"], false],
  [["ftp://a"], ["a"], false],
];
for (const [has, wants, is] of audiences) {
  Deno.test(`isForAudience() of [${has}] for [${wants}] is ${is}`, () => {
    assert.equal(isForAudience({ audiences: has }, wants), is);
  });
}

Deno.test("parseToken() never throws", () => {
  const section = fc.oneof(
    fc.string(),
    fc.base64String(),
    fc.json().map(encode),
    fc.constant(encode({ alg: "RS256" })),
    fc.uint8Array().map((octets) =>
      octets.toBase64({ alphabet: "base64url", omitPadding: true })
    ),
  );
  fc.assert(
    fc.property(fc.array(section, { maxLength: 4 }), (sections) => {
      const read = parseToken(sections.join("."));
      assert.ok(typeof read === "string" || typeof read.algorithm === "string");
    }),
    { numRuns: 1_000 },
  );
});
