/**
 * Rules that stop TCP and UDP while a pod's redirection is replaced, so that
 * nothing passes the proxy by.
 */
import { section } from "./section.ts";
import type { Ruleset } from "./ruleset.ts";

/** Marks them as ours. */
const GUARDRAIL = "hairpin-guardrail";

const GUARDRAILS = ["INPUT", "FORWARD", "OUTPUT"].flatMap((chain) =>
  ["tcp", "udp"].map((protocol) => ({
    chain,
    rule: `-p ${protocol} -m comment --comment ${GUARDRAIL} -j DROP`,
  }))
);

/** Those in place, as `-A` of `iptables-save` says them. */
export function guardrailsIn(
  found: Ruleset,
): { chain: string; rule: string }[] {
  const chains = found.tables.get("filter")?.chains ?? [];
  return [...chains].flatMap(([chain, { rules }]) =>
    rules.filter((rule) => rule.includes(GUARDRAIL))
      .map((rule) => ({ chain, rule }))
  );
}

/** Text for `iptables-restore` that puts them first, in place of earlier ones. */
export function guardrailText(found: Ruleset): string {
  return section("filter", [
    ...removals(found),
    ...GUARDRAILS.map(({ chain, rule }) => `-I ${chain} 1 ${rule}`),
  ]);
}

/** Text that takes them away; empty when there are none. */
export function guardrailRemovalText(found: Ruleset): string {
  return section("filter", removals(found));
}

const removals = (found: Ruleset) =>
  guardrailsIn(found).map(({ chain, rule }) => `-D ${chain} ${rule}`);
