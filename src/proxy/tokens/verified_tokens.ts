/** Remembers which tokens had a good signature, so that it is checked once. */
import type { KeySet } from "../../model/key_set.ts";
import { VERIFIED_TOKENS_MAX } from "./limits.ts";

/**
 * Tokens by the key set that verified them: what a new set holds no key for is
 * forgotten with the old one. Only digests are kept. Whether a token is still
 * good in time is not remembered and has to be asked each time.
 */
export class VerifiedTokens {
  readonly #bySet = new WeakMap<KeySet, Set<string>>();
  readonly #max: number;

  /** @param max Tokens for each key set. */
  constructor(max = VERIFIED_TOKENS_MAX) {
    this.#max = max;
  }

  /** Whether it was verified with this set; if so, it counts as used just now. */
  has(set: KeySet, digest: string): boolean {
    const digests = this.#bySet.get(set);
    if (digests === undefined || !digests.delete(digest)) return false;
    digests.add(digest);
    return true;
  }

  add(set: KeySet, digest: string): void {
    let digests = this.#bySet.get(set);
    if (digests === undefined) this.#bySet.set(set, digests = new Set());
    digests.add(digest);
    for (const oldest of digests) {
      if (digests.size <= this.#max) break;
      digests.delete(oldest);
    }
  }
}

/** SHA-256 of a token, as text. */
export async function tokenDigest(token: string): Promise<string> {
  const octets = new TextEncoder().encode(token);
  const digest = await crypto.subtle.digest("SHA-256", octets);
  return new Uint8Array(digest).toHex();
}
