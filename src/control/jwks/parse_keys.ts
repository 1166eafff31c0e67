/** Reading JSON Web Key Sets. */
import type { KeyState, WebKey } from "../../model/key_set.ts";
import { JWKS_KEYS_MAX, JWKS_SIZE_MAX } from "./limits.ts";

type ReadKeys = Exclude<KeyState, { kind: "unfetched" }>;

/**
 * Reads a key set; entries that are no keys are left out.
 *
 * @see RFC 7517, section 5
 */
export function parseKeys(text: string): ReadKeys {
  if (text.length > JWKS_SIZE_MAX) return bad("is too large");
  const members = parseObject(text);
  if (members === undefined) return bad("is not a JSON object");
  if (!Array.isArray(members.keys)) return bad('has no list "keys"');
  if (members.keys.length > JWKS_KEYS_MAX) {
    return bad(`has over ${JWKS_KEYS_MAX} keys`);
  }
  const keys = members.keys.filter(isKey);
  return keys.length === 0
    ? bad("has no key")
    : { kind: "keys", set: { keys } };
}

const bad = (why: string): ReadKeys => ({ kind: "bad", why });

const isKey = (entry: unknown): entry is WebKey =>
  typeof entry === "object" && entry !== null &&
  typeof (entry as WebKey).kty === "string";

/** @returns undefined for text that is no JSON object. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Record<string, unknown>
      : undefined;
  } catch {
    return undefined;
  }
}
