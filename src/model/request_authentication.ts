/** Which tokens a waypoint accepts, and where it finds them. Plain data. */

/** Where the keys of an issuer come from. */
export type KeySource =
  /** A JSON Web Key Set as text. */
  | { readonly kind: "inline"; readonly jwks: string }
  | { readonly kind: "uri"; readonly uri: string; readonly timeoutMs: number }
  /** The `jwks_uri` of the issuer's OpenID configuration. */
  | {
    readonly kind: "issuer";
    readonly issuer: string;
    readonly timeoutMs: number;
  };

/** One place where a token may be. */
export type TokenPlace =
  /** `name` in lower case; the token follows `prefix`, and is all of the value when that is empty. */
  | { readonly in: "header"; readonly name: string; readonly prefix: string }
  | { readonly in: "param"; readonly name: string }
  | { readonly in: "cookie"; readonly name: string };

/** A claim that is written into a header for the application. */
export interface ClaimHeader {
  /** In lower case. */
  readonly header: string;
  /** From the payload's root. */
  readonly claim: readonly string[];
}

/** The tokens of one issuer. */
export interface TokenRule {
  /** Compared exactly; empty takes tokens of any issuer that the keys verify. */
  readonly issuer: string;
  /** A token needs one of them; empty: any will do. */
  readonly audiences: readonly string[];
  readonly keys: KeySource;
  /** Never empty. */
  readonly places: readonly TokenPlace[];
  /** Whether the application gets the token too. */
  readonly forwardOriginalToken: boolean;
  /** In lower case. */
  readonly payloadHeader: string | undefined;
  readonly claimHeaders: readonly ClaimHeader[];
  /** Claims whose text is a list with spaces between; always with `scope` and `permission`. */
  readonly spaceDelimitedClaims: readonly string[];
}

/** A RequestAuthentication as a waypoint enforces it. */
export interface RequestAuthentication {
  readonly namespace: string;
  readonly name: string;
  /** Any of them may accept a token. */
  readonly rules: readonly TokenRule[];
}
