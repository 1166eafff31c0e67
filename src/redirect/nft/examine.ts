import { ConfigError } from "../../base/errors.ts";
import {
  DEFAULT_REDIRECT_OPTIONS,
  type Family,
  type RedirectOptions,
} from "../plan.ts";
import { compareNft, holdsOwnTables } from "./compare.ts";
import { OWN_TABLES, planNft } from "./plan.ts";
import type { NftRule } from "./rule.ts";
import type { NftRuleset } from "./ruleset.ts";

/** A redirection by native nftables, as its rules tell of it. */
export interface NftRedirection {
  readonly families: readonly Family[];
  readonly dnsCapture: boolean;
  /** Whether inbound traffic is left alone. */
  readonly ingressMode: boolean;
  /** What keeps its rules from being those of a pod that is set so, one line each. */
  readonly differences: readonly string[];
}

/**
 * Reads from the rules found how a pod is meant to be redirected, for who cannot
 * know it from elsewhere.
 *
 * @returns undefined when nftables redirects nothing here.
 */
export function examineNft(found: NftRuleset): NftRedirection | undefined {
  if (!holdsOwnTables(found)) return undefined;
  const options = optionsIn(found);
  const { ipv6, dnsCapture, ingressMode } = options;
  return {
    families: ipv6 ? [4, 6] : [4],
    dnsCapture,
    ingressMode,
    differences: compareNft(planned(options), found),
  };
}

function optionsIn(found: NftRuleset): RedirectOptions {
  const rules = OWN_TABLES.flatMap((name) => [
    ...found.tables.get(name)?.chains.values() ?? [],
  ]).flatMap((chain) => chain.rules);
  const leadsTo = (port: number) =>
    rules.some(({ action }) => action === `redirect to :${port}`);
  return {
    ...DEFAULT_REDIRECT_OPTIONS,
    ipv6: rules.some(({ matches }) =>
      matches.some((match) => match.startsWith("ip6 "))
    ),
    dnsCapture: leadsTo(15053),
    ingressMode: !leadsTo(15006),
    virtualInterfaces: [...new Set(rules.flatMap(virtualInterfaceOf))],
  };
}

const ARRIVING = /^iifname "(.+)"$/;

function virtualInterfaceOf({ matches, action }: NftRule): string[] {
  if (action !== "redirect to :15001") return [];
  return matches.flatMap((match) => {
    const name = ARRIVING.exec(match)?.[1];
    return name === undefined ? [] : [name.replace(/\*$/, "+")];
  });
}

/** A name that nobody would plan is shown as a difference. */
function planned(options: RedirectOptions) {
  try {
    return planNft(options);
  } catch (reason) {
    if (!(reason instanceof ConfigError)) throw reason;
    return planNft({ ...options, virtualInterfaces: [] });
  }
}
