/** The signature algorithms that tokens may use, and the keys that fit each. */

/** What a JSON Web Key has to be for an algorithm. */
interface KeyKind {
  readonly kty: "RSA" | "EC" | "OKP" | "oct";
  readonly crv?: string;
}

const RSA: KeyKind = { kty: "RSA" };
const SECRET: KeyKind = { kty: "oct" };

const KEY_KINDS = {
  RS256: RSA,
  RS384: RSA,
  RS512: RSA,
  PS256: RSA,
  PS384: RSA,
  PS512: RSA,
  ES256: { kty: "EC", crv: "P-256" },
  ES384: { kty: "EC", crv: "P-384" },
  ES512: { kty: "EC", crv: "P-521" },
  EdDSA: { kty: "OKP", crv: "Ed25519" },
  HS256: SECRET,
  HS384: SECRET,
  HS512: SECRET,
} as const satisfies Readonly<Record<string, KeyKind>>;

/** `none` is not among them, and never will be. */
export type TokenAlgorithm = keyof typeof KEY_KINDS;

export const isTokenAlgorithm = (name: string): name is TokenAlgorithm =>
  Object.hasOwn(KEY_KINDS, name);

/** A JSON Web Key as far as choosing one goes. */
export type KeyFields = Readonly<Record<string, unknown>>;

/**
 * The keys that may have signed a token: of the algorithm's kind, for
 * signatures, and not bound to another algorithm. When the token names a key,
 * those of that name; where there are none, those without a name.
 */
export function fittingKeys<Key extends KeyFields>(
  keys: readonly Key[],
  token: {
    readonly algorithm: TokenAlgorithm;
    readonly kid: string | undefined;
  },
): readonly Key[] {
  const fitting = keys.filter((key) => fits(key, token.algorithm));
  if (token.kid === undefined) return fitting;
  const named = fitting.filter(({ kid }) => kid === token.kid);
  return named.length > 0
    ? named
    : fitting.filter(({ kid }) => kid === undefined || kid === "");
}

function fits(key: KeyFields, algorithm: TokenAlgorithm): boolean {
  const kind: KeyKind = KEY_KINDS[algorithm];
  const operations = key.key_ops;
  return key.kty === kind.kty &&
    (kind.crv === undefined || key.crv === kind.crv) &&
    (key.alg === undefined || key.alg === "" || key.alg === algorithm ||
      (algorithm === "EdDSA" && key.alg === "Ed25519")) &&
    (key.use === undefined || key.use === "sig") &&
    (!Array.isArray(operations) || operations.includes("verify"));
}
