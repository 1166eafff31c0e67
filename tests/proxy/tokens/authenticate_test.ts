import assert from "node:assert/strict";
import type { JWTPayload } from "jose";
import { TOKENS_MAX } from "../../../src/decide/token/limits.ts";
import type { HeaderList, HttpRequest } from "../../../src/model/http.ts";
import type { KeyState } from "../../../src/model/key_set.ts";
import type { TokenRule } from "../../../src/model/request_authentication.ts";
import {
  authenticate,
  type Authentication,
  type TokenContext,
  VerifiedTokens,
} from "../../../src/proxy/tokens/mod.ts";
import { request } from "../../support/http_samples.ts";
import {
  FixedKeys,
  setOf,
  sign,
  signingKey,
} from "../../support/token_issuer.ts";

const KEY = await signingKey("ES256", "k");
const NOW = 1_800_000_000;
const CLAIMS: JWTPayload = {
  iss: "https://i",
  sub: "ann",
  aud: ["web"],
  exp: NOW + 600,
};

const RULE: TokenRule = {
  issuer: "https://i",
  audiences: ["web"],
  keys: { kind: "inline", jwks: "" },
  places: [
    { in: "header", name: "authorization", prefix: "Bearer " },
    { in: "param", name: "access_token" },
  ],
  forwardOriginalToken: false,
  payloadHeader: undefined,
  claimHeaders: [],
  spaceDelimitedClaims: ["scope", "permission"],
};
const OTHER_ISSUER: TokenRule = { ...RULE, issuer: "https://other" };

const context = (fields: Partial<TokenContext> = {}): TokenContext => ({
  keys: new FixedKeys(KEY),
  verified: new VerifiedTokens(),
  nowMs: () => NOW * 1_000,
  ...fields,
});
const bearing = (...tokens: string[]): HttpRequest =>
  request({
    headers: tokens.map((token) => ["authorization", `Bearer ${token}`]),
  });
const check = (
  asked: HttpRequest,
  rules: TokenRule[] = [RULE],
  fields: Partial<TokenContext> = {},
) => authenticate(asked, rules, context(fields));
const outcome = (result: Authentication): string =>
  result.kind === "refused" ? result.because : result.kind;

const GOOD = await sign(KEY, CLAIMS);
const BOB = await sign(KEY, { ...CLAIMS, sub: "bob" });
const FOREIGN = await sign(KEY, { ...CLAIMS, iss: "https://other" });
const EXPIRED = await sign(KEY, { ...CLAIMS, exp: NOW - 61 });
const FORGED = await sign(await signingKey("ES256", "k"), CLAIMS);

const rows: [
  name: string,
  asked: HttpRequest,
  rules: TokenRule[],
  outcome: string,
][] = [
  ["nothing without rules", bearing("junk"), [], "anonymous"],
  ["nobody without a token", request(), [RULE], "anonymous"],
  ["a good token", bearing(GOOD), [RULE], "authenticated"],
  ["a good token as parameter", request({ path: `/?access_token=${GOOD}` }), [
    RULE,
  ], "authenticated"],
  ["no junk", bearing("junk"), [RULE], "structure"],
  ["no empty token", bearing(""), [RULE], "structure"],
  [
    "no alg none",
    bearing(`${btoa('{"alg":"none"}').replace(/=+$/, "")}.e30.`),
    [
      RULE,
    ],
    "unknownAlgorithm",
  ],
  ["no other issuer", bearing(FOREIGN), [RULE], "issuer"],
  ["any issuer where none is named", bearing(FOREIGN), [{
    ...RULE,
    issuer: "",
  }], "authenticated"],
  ["no expired token", bearing(EXPIRED), [RULE], "expired"],
  ["no forged token", bearing(FORGED), [RULE], "signature"],
  [
    "no token for others",
    bearing(GOOD),
    [{ ...RULE, audiences: ["api"] }],
    "audience",
  ],
  ["any audience where none is wanted", bearing(GOOD), [
    { ...RULE, audiences: [] },
  ], "authenticated"],
  [
    "a token of the second rule",
    bearing(FOREIGN),
    [RULE, OTHER_ISSUER],
    "authenticated",
  ],
  [
    "the more telling reason",
    bearing(EXPIRED),
    [OTHER_ISSUER, RULE],
    "expired",
  ],
  ["one token carried twice", bearing(GOOD, GOOD), [RULE], "authenticated"],
  ["no two good tokens", bearing(GOOD, BOB), [RULE], "severalTokens"],
  [
    "no bad token beside a good one",
    bearing(GOOD, "junk"),
    [RULE],
    "structure",
  ],
  [
    "no forged token beside a good one",
    bearing(FORGED, GOOD),
    [RULE],
    "signature",
  ],
  ["no tokens of two rules at one place", bearing(GOOD, FOREIGN), [
    RULE,
    OTHER_ISSUER,
  ], "severalTokens"],
  [
    "no more tokens than the limit",
    bearing(...Array(TOKENS_MAX + 1).fill(GOOD)),
    [RULE],
    "severalTokens",
  ],
  [
    "no token at a place of no rule",
    request({ headers: [["x-token", "junk"]] }),
    [RULE],
    "anonymous",
  ],
];
for (const [name, asked, rules, expected] of rows) {
  Deno.test(`authenticate() takes ${name}: ${expected}`, async () => {
    assert.equal(outcome(await check(asked, rules)), expected);
  });
}

Deno.test("authenticate() says what a token says", async () => {
  const payload = {
    ...CLAIMS,
    azp: "app",
    scope: "read  write",
    n: { a: "b c" },
  };
  const result = await check(bearing(await sign(KEY, payload)));
  assert.ok(result.kind === "authenticated");
  assert.deepEqual(result.token, {
    issuer: "https://i",
    subject: "ann",
    audiences: ["web"],
    presenter: "app",
    claims: { ...payload, scope: ["read", "write"] },
  });
});

Deno.test("authenticate() answers a refusal as Envoy does", async () => {
  const result = await check(bearing(EXPIRED));
  assert.ok(result.kind === "refused");
  assert.equal(result.reply.status, 401);
  assert.equal(result.reply.body, "Jwt is expired");
  assert.equal(
    result.details,
    "jwt_authn_access_denied{Jwt_is_expired}",
  );
});

const forwarding: [
  name: string,
  rule: Partial<TokenRule>,
  headers: HeaderList,
  path: string,
  left: HeaderList,
  leftPath: string,
][] = [
  [
    "takes the token out",
    {},
    [["authorization", `Bearer ${GOOD}`], ["a", "b"]],
    "/x?y",
    [["a", "b"]],
    "/x?y",
  ],
  [
    "takes out what carried the token alone",
    {},
    [["authorization", "Basic abc"]],
    `/x?access_token=${GOOD}&y`,
    [["authorization", "Basic abc"]],
    "/x?y",
  ],
  [
    "leaves the token where it is wanted",
    { forwardOriginalToken: true },
    [["authorization", `Bearer ${GOOD}`]],
    "/",
    [["authorization", `Bearer ${GOOD}`]],
    "/",
  ],
  [
    "writes claims over what the client made up",
    {
      payloadHeader: "x-payload",
      claimHeaders: [{ header: "x-sub", claim: ["sub"] }],
    },
    [["x-sub", "root"], ["authorization", `Bearer ${GOOD}`], [
      "x-payload",
      "z",
    ]],
    "/",
    [["x-payload", GOOD.split(".")[1]!], ["x-sub", "ann"]],
    "/",
  ],
];
for (const [name, fields, headers, path, left, leftPath] of forwarding) {
  Deno.test(`authenticate() ${name}`, async () => {
    const asked = request({ headers, path });
    const result = await check(asked, [{ ...RULE, ...fields }]);
    assert.ok(result.kind === "authenticated");
    assert.deepEqual(result.request.headers, left);
    assert.equal(result.request.path, leftPath);
  });
}

Deno.test("authenticate() takes made-up claims away from the anonymous too", async () => {
  const rule = { ...RULE, payloadHeader: "x-payload" };
  const preflight: HeaderList = [
    ["origin", "http://a"],
    ["access-control-request-method", "PUT"],
  ];
  for (const headers of [[], preflight]) {
    const asked = request({
      method: "OPTIONS",
      headers: [["x-payload", "e30"], ...headers],
    });
    const result = await check(asked, [rule]);
    assert.ok(result.kind === "anonymous");
    assert.deepEqual(result.request.headers, headers);
  }
});

Deno.test("authenticate() lets a CORS preflight pass with any token", async () => {
  const asked = {
    ...bearing("junk"),
    method: "OPTIONS",
    headers: [
      ["authorization", "Bearer junk"],
      ["origin", "http://a"],
      ["access-control-request-method", "PUT"],
    ] as const,
  };
  assert.equal(outcome(await check(asked)), "anonymous");
});

Deno.test("authenticate() wants keys fetched again when it has none", async () => {
  const keys = new FixedKeys();
  keys.state = { kind: "unfetched", why: "x" };
  await check(bearing(GOOD), [RULE], { keys });
  assert.equal(keys.misses, 1);
});

const states: [state: KeyState, because: string][] = [
  [{ kind: "unfetched", why: "x" }, "keysUnfetched"],
  [{ kind: "bad", why: "x" }, "noKeys"],
];
for (const [state, because] of states) {
  Deno.test(`authenticate() without keys (${state.kind}) refuses`, async () => {
    const keys = new FixedKeys();
    keys.state = state;
    assert.equal(
      outcome(await check(bearing(GOOD), [RULE], { keys })),
      because,
    );
    keys.state = Promise.resolve(state);
    assert.equal(
      outcome(await check(bearing(GOOD), [RULE], { keys })),
      because,
    );
  });
}

Deno.test("authenticate() tells of a key that the set does not have", async () => {
  const keys = new FixedKeys(KEY);
  const token = await sign(await signingKey("ES256", "new"), CLAIMS);
  const result = await check(bearing(token), [RULE], { keys });
  assert.equal(outcome(result), "noFittingKey");
  assert.equal(keys.misses, 1);
});

Deno.test("authenticate() asks for no keys where the token is no good anyhow", async () => {
  const keys = new FixedKeys(KEY);
  for (const token of [EXPIRED, FOREIGN, "junk"]) {
    await check(bearing(token), [RULE], { keys });
  }
  assert.equal(keys.asked, 0);
});

Deno.test("authenticate() remembers a signature as long as the key set stands", async () => {
  const verified = new VerifiedTokens();
  const keys = new FixedKeys(KEY);
  const again = () => check(bearing(GOOD), [RULE], { keys, verified });
  assert.equal(outcome(await again()), "authenticated");
  // The same set object, now without its key: only memory can say yes.
  const { state } = keys;
  assert.ok(!(state instanceof Promise) && state.kind === "keys");
  (state.set.keys as unknown[]).length = 0;
  assert.equal(outcome(await again()), "authenticated");
  keys.state = { kind: "keys", set: setOf() };
  assert.equal(outcome(await again()), "noFittingKey");
});

Deno.test("authenticate() looks at the time of a remembered token", async () => {
  const verified = new VerifiedTokens();
  const keys = new FixedKeys(KEY);
  let now = NOW;
  const again = () =>
    check(bearing(GOOD), [RULE], { keys, verified, nowMs: () => now * 1_000 });
  assert.equal(outcome(await again()), "authenticated");
  now = NOW + 600 + 61;
  assert.equal(outcome(await again()), "expired");
});

Deno.test("authenticate() does not remember a bad signature", async () => {
  const verified = new VerifiedTokens();
  const keys = new FixedKeys(KEY);
  for (let turn = 0; turn < 2; turn++) {
    const result = await check(bearing(FORGED), [RULE], { keys, verified });
    assert.equal(outcome(result), "signature");
  }
});
