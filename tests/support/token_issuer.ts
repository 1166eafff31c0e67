/** A token issuer with real keys. */
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWTPayload,
  SignJWT,
} from "jose";
import type {
  KeySet,
  KeySets,
  KeyState,
  WebKey,
} from "../../src/model/key_set.ts";

export interface SigningKey {
  readonly algorithm: string;
  readonly privateKey: CryptoKey | Uint8Array;
  /** With `kid` and `alg`, unless they were taken away. */
  readonly jwk: WebKey;
}

/** @param kid null for a key without name. */
export async function signingKey(
  algorithm: string,
  kid: string | null = algorithm,
): Promise<SigningKey> {
  const named = kid === null ? {} : { kid };
  if (algorithm.startsWith("HS")) {
    const secret = crypto.getRandomValues(new Uint8Array(64));
    const k = secret.toBase64({ alphabet: "base64url", omitPadding: true });
    const jwk = { kty: "oct", k, ...named };
    return { algorithm, privateKey: secret, jwk };
  }
  const pair = await generateKeyPair(algorithm, { extractable: true });
  const jwk = { ...await exportJWK(pair.publicKey), ...named };
  return { algorithm, privateKey: pair.privateKey, jwk };
}

/** @param header Replaces `alg` and `kid`, or adds to them. */
export const sign = (
  key: SigningKey,
  payload: JWTPayload,
  header: Record<string, unknown> = {},
): Promise<string> =>
  new SignJWT(payload).setProtectedHeader({
    alg: key.algorithm,
    ...typeof key.jwk.kid === "string" ? { kid: key.jwk.kid } : {},
    ...header,
  }).sign(key.privateKey);

export const setOf = (...keys: SigningKey[]): KeySet => ({
  keys: keys.map(({ jwk }) => jwk),
});

/** Key sets that a test puts there. */
export class FixedKeys implements KeySets {
  state: KeyState | Promise<KeyState>;
  asked = 0;
  misses = 0;

  constructor(...keys: SigningKey[]) {
    this.state = { kind: "keys", set: setOf(...keys) };
  }

  stateOf(): KeyState | Promise<KeyState> {
    this.asked++;
    return this.state;
  }

  missed(): void {
    this.misses++;
  }
}
