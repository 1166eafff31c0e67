/** Checking a token's signature with the keys of its issuer. */
import { compactVerify, type CryptoKey, importJWK } from "jose";
import {
  fittingKeys,
  type TokenAlgorithm,
} from "../../decide/token/algorithms.ts";
import type { ParsedToken } from "../../decide/token/token.ts";
import type { KeySet, WebKey } from "../../model/key_set.ts";
import { KEYS_TRIED_MAX } from "./limits.ts";

export type SignatureCheck =
  | "good"
  /** There are keys that fit, and none of them made it. */
  | "bad"
  /** No key fits: it may be too new for the set. */
  | "no-key";

/** Checks with each key that fits until one does. A key that cannot be used counts as one that did not sign. */
export async function checkSignature(
  token: ParsedToken,
  set: KeySet,
): Promise<SignatureCheck> {
  const keys = fittingKeys(set.keys, token);
  for (const key of keys.slice(0, KEYS_TRIED_MAX)) {
    if (await isSignedBy(token, key)) return "good";
  }
  return keys.length === 0 ? "no-key" : "bad";
}

async function isSignedBy(token: ParsedToken, key: WebKey): Promise<boolean> {
  const { algorithm } = token;
  try {
    const imported = await importKey(key, algorithm);
    await compactVerify(token.text, imported, { algorithms: [algorithm] });
    return true;
  } catch {
    // jose's reasons (signature, key size, `crit`) are one to the client: Envoy
    // tells none of them apart either.
    return false;
  }
}

type ImportedKey = Promise<CryptoKey | Uint8Array>;

/** Keys ready for use, as long as the set that holds them lives. */
const imported = new WeakMap<WebKey, Map<TokenAlgorithm, ImportedKey>>();

function importKey(key: WebKey, algorithm: TokenAlgorithm): ImportedKey {
  let byAlgorithm = imported.get(key);
  if (byAlgorithm === undefined) imported.set(key, byAlgorithm = new Map());
  let ready = byAlgorithm.get(algorithm);
  if (ready === undefined) {
    ready = importJWK({ ...key }, algorithm);
    byAlgorithm.set(algorithm, ready);
  }
  return ready;
}
