/** Deciding which of a request's tokens speaks for it. */
import { withSplitClaims } from "../../decide/token/claims.ts";
import {
  isForAudience,
  type ParsedToken,
  parseToken,
  timeRefusal,
} from "../../decide/token/token.ts";
import { TOKENS_MAX } from "../../decide/token/limits.ts";
import {
  isCorsPreflight,
  type LocatedToken,
  locateTokens,
  placeKey,
  withClaimHeaders,
  withoutClaimHeaders,
  withoutToken,
} from "../../decide/token/location.ts";
import {
  refusalDetails,
  refusalReply,
  type TokenRefusal,
} from "../../decide/token/refusal.ts";
import type { LocalReply } from "../../decide/http/local_reply.ts";
import type { HttpRequest, TokenClaims } from "../../model/http.ts";
import type { KeySets } from "../../model/key_set.ts";
import type { TokenRule } from "../../model/request_authentication.ts";
import { checkSignature } from "./signature.ts";
import { tokenDigest, type VerifiedTokens } from "./verified_tokens.ts";

/** What verification needs from outside. */
export interface TokenContext {
  readonly keys: KeySets;
  readonly verified: VerifiedTokens;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

export type Authentication =
  /** There is no token, or it is not looked at: nobody is authenticated. */
  | { readonly kind: "anonymous"; readonly request: HttpRequest }
  | {
    readonly kind: "authenticated";
    readonly token: TokenClaims;
    /** As it is to be judged and forwarded: tokens taken out, claims put in. */
    readonly request: HttpRequest;
  }
  | {
    readonly kind: "refused";
    readonly because: TokenRefusal;
    readonly reply: LocalReply;
    /** Response code details of the access log. */
    readonly details: string;
  };

/**
 * Authenticates a request by the rules for its destination.
 *
 * A rule accepts the request when there are tokens at the rule's places and all
 * of them are good by it; the first rule that does speaks. A token that nobody
 * accepts refuses the request, and so do several good ones at one rule's
 * places, as it could not be said which of them the application will read.
 *
 * @param request With the path normalised.
 * @param rules Of all RequestAuthentications that are attached, in their order.
 */
export async function authenticate(
  request: HttpRequest,
  rules: readonly TokenRule[],
  context: TokenContext,
): Promise<Authentication> {
  const clean = withoutClaimHeaders(request, rules);
  if (isCorsPreflight(request)) return { kind: "anonymous", request: clean };
  const tokens = locateTokens(request, rules.flatMap(({ places }) => places));
  if (tokens.length === 0) return { kind: "anonymous", request: clean };
  if (tokens.length > TOKENS_MAX) return refused(request, "severalTokens");
  const parsed = new Map(
    tokens.map(({ token }) => [token, parseToken(token)]),
  );
  const refusals: TokenRefusal[] = [];
  for (const rule of rules) {
    const own = tokensOf(rule, tokens);
    const result = await judge(own, rule, parsed, context);
    if (typeof result === "string") refusals.push(result);
    else if (result !== undefined) return accepted(clean, rule, result, own);
  }
  return refused(request, mostTelling(refusals, parsed.size));
}

/** The tokens at a rule's places. */
function tokensOf(
  { places }: TokenRule,
  tokens: readonly LocatedToken[],
): readonly LocatedToken[] {
  const keys = new Set(places.map(placeKey));
  return tokens.filter(({ place }) => keys.has(placeKey(place)));
}

/** @returns the good token, why there is none, or undefined where the rule finds nothing. */
async function judge(
  located: readonly LocatedToken[],
  rule: TokenRule,
  parsed: ReadonlyMap<string, ParsedToken | TokenRefusal>,
  context: TokenContext,
): Promise<ParsedToken | TokenRefusal | undefined> {
  const tokens = new Set(located.map(({ token }) => token));
  let good: ParsedToken | undefined;
  for (const text of tokens) {
    const token = parsed.get(text)!;
    if (typeof token === "string") return token;
    const refusal = await refusalOf(token, rule, context);
    if (refusal !== undefined) return refusal;
    good = token;
  }
  return tokens.size > 1 ? "severalTokens" : good;
}

async function refusalOf(
  token: ParsedToken,
  rule: TokenRule,
  context: TokenContext,
): Promise<TokenRefusal | undefined> {
  if (rule.issuer !== "" && rule.issuer !== token.issuer) return "issuer";
  const timing = timeRefusal(token, context.nowMs());
  if (timing !== undefined) return timing;
  if (!isForAudience(token, rule.audiences)) return "audience";
  return await signatureRefusal(token, rule, context);
}

async function signatureRefusal(
  token: ParsedToken,
  rule: TokenRule,
  { keys, verified }: TokenContext,
): Promise<TokenRefusal | undefined> {
  const held = keys.stateOf(rule.keys);
  const state = held instanceof Promise ? await held : held;
  if (state.kind === "unfetched") {
    keys.missed(rule.keys);
    return "keysUnfetched";
  }
  if (state.kind === "bad") return "noKeys";
  const digest = await tokenDigest(token.text);
  if (verified.has(state.set, digest)) return undefined;
  switch (await checkSignature(token, state.set)) {
    case "good":
      verified.add(state.set, digest);
      return undefined;
    case "bad":
      return "signature";
    case "no-key":
      keys.missed(rule.keys);
      return "noFittingKey";
  }
}

/** That a rule is for another issuer says least: of several tokens each may be some other rule's. */
const mostTelling = (
  refusals: readonly TokenRefusal[],
  tokens: number,
): TokenRefusal =>
  refusals.find((refusal) => refusal !== "issuer") ??
    (tokens > 1 ? "severalTokens" : "issuer");

const refused = (
  request: HttpRequest,
  because: TokenRefusal,
): Authentication => ({
  kind: "refused",
  because,
  reply: refusalReply(request, because),
  details: refusalDetails(because),
});

function accepted(
  clean: HttpRequest,
  rule: TokenRule,
  token: ParsedToken,
  located: readonly LocatedToken[],
): Authentication {
  const stripped = rule.forwardOriginalToken
    ? clean
    : located.map(({ place }) => place).reduce(withoutToken, clean);
  return {
    kind: "authenticated",
    token: claimsOf(token, rule),
    request: withClaimHeaders(stripped, rule, token),
  };
}

function claimsOf(token: ParsedToken, rule: TokenRule): TokenClaims {
  const { issuer, subject, audiences, payload } = token;
  const { azp } = payload;
  return {
    issuer,
    subject,
    audiences,
    presenter: typeof azp === "string" ? azp : undefined,
    claims: withSplitClaims(payload, rule.spaceDelimitedClaims),
  };
}
