/** Public keys of token issuers, as they are held for verification. Plain data. */
import type { KeySource } from "./request_authentication.ts";

/** One JSON Web Key: its members as the issuer wrote them. */
export type WebKey = Readonly<Record<string, unknown>>;

/** The keys of one source. The same object stands for as long as the keys do not change. */
export interface KeySet {
  readonly keys: readonly WebKey[];
}

/** What is known of a source's keys. */
export type KeyState =
  | { readonly kind: "keys"; readonly set: KeySet }
  /** Text that is no key set, or one without a key. */
  | { readonly kind: "bad"; readonly why: string }
  /** None was ever fetched. */
  | { readonly kind: "unfetched"; readonly why: string };

/** Where verification gets its keys. */
export interface KeySets {
  /** At once when there is something to say; a promise only while the first fetch runs. */
  stateOf(source: KeySource): KeyState | Promise<KeyState>;
  /**
   * A token could not be verified for want of its key: the set may be out of
   * date, or it has never come.
   */
  missed(source: KeySource): void;
}

/** What can be shown of one source's keys, which are not part of it. */
export interface KeyReport {
  readonly source: KeySource;
  readonly state: KeyState["kind"] | "fetching";
  /** How many keys are held. */
  readonly count: number;
  /** Why there are none, or why those that are held are old. */
  readonly why?: string;
  /** When the set last came, in milliseconds since 1970; absent for one that is inline or never came. */
  readonly fetchedAtMs?: number;
}
