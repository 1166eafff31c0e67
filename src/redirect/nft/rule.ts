/** One rule of nftables as data, and what makes two of them mean the same. */

/** In the words that `nft` takes, less the counter. */
export interface NftRule {
  /** Conditions, which all must hold; their order means nothing. */
  readonly matches: readonly string[];
  /** What then happens. */
  readonly action: string;
}

/** The rule as `nft` takes it, with a counter in front of its action. */
export const ruleLine = ({ matches, action }: NftRule): string =>
  [...matches, "counter", action].join(" ");

/** A text that is equal for rules of equal meaning. */
export const meaningOf = ({ matches, action }: NftRule): string =>
  [...matches.filter((match) => !isImplied(match, matches)).sort(), action]
    .join(" ");

/** A rule that reads ports names the protocol by that, and one that reads addresses the family. */
function isImplied(match: string, matches: readonly string[]): boolean {
  const layer = IMPLIED.get(match);
  return layer !== undefined &&
    matches.some((other) => other.startsWith(`${layer} `));
}

const IMPLIED: ReadonlyMap<string, string> = new Map([
  ["meta l4proto tcp", "tcp"],
  ["meta l4proto udp", "udp"],
  ["meta nfproto ipv4", "ip"],
  ["meta nfproto ipv6", "ip6"],
]);
