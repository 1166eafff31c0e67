/**
 * The node's own rules, as text: a connection that a program of the node opens
 * to a pod of ours, such as a kubelet's probe, gets the source address that the
 * pod's rules let through to the application.
 */
import type { Ip } from "../model/address.ts";
import { isIpv6 } from "../model/address.ts";
import type { Family, ProbeSources } from "./plan.ts";
import { canonicalRule, type Ruleset, targetOf } from "./ruleset.ts";
import { section } from "./section.ts";

const HOST_CHAIN = "ISTIO_POSTRT";
const JUMP = `-j ${HOST_CHAIN}`;

/** Marks the rules of one owner, so that several can share the chain. */
export interface HostOwner {
  /** Letters, digits, `.`, `_` and `-`. */
  readonly name: string;
  readonly probeSources: ProbeSources;
}

const commentOf = (owner: HostOwner) => `"hairpin ${owner.name}"`;

/** One owner's rule for one pod address. */
export function hostRule(owner: HostOwner, ip: Ip): string {
  const [bits, source] = isIpv6(ip)
    ? [128, owner.probeSources.v6]
    : [32, owner.probeSources.v4];
  // --socket-exists: forwarded traffic has no socket here and stays captured.
  return `-d ${ip}/${bits} -p tcp -m owner --socket-exists ` +
    `-m comment --comment ${commentOf(owner)} -j SNAT --to-source ${source}`;
}

/** The addresses of one family. */
export const ofFamily = (ips: readonly Ip[], family: Family): Ip[] =>
  ips.filter((ip) => isIpv6(ip) === (family === 6));

/**
 * Text for `iptables-restore --noflush` that leaves an owner with rules for
 * just these addresses, first in POSTROUTING, where no other translation can
 * come before; without addresses, with no trace of it. Rules of others stay.
 *
 * @returns empty when all is so already.
 */
export function hostRulesText(
  found: Ruleset,
  owner: HostOwner,
  ips: readonly Ip[],
): string {
  const chains = found.tables.get("nat")?.chains;
  const inChain = chains?.get(HOST_CHAIN)?.rules;
  const own = (inChain ?? []).filter((rule) => isOwnedBy(owner, rule));
  const wanted = ips.map((ip) => hostRule(owner, ip));
  const left = (inChain?.length ?? 0) - own.length + wanted.length;
  const postrouting = chains?.get("POSTROUTING")?.rules ?? [];
  return section("nat", [
    ...(inChain === undefined && left > 0 ? [`-N ${HOST_CHAIN}`] : []),
    ...lacking(own, wanted).map((rule) => `-D ${HOST_CHAIN} ${rule}`),
    ...lacking(wanted, own).map((rule) => `-A ${HOST_CHAIN} ${rule}`),
    ...jumpLines(postrouting, left > 0),
    ...(inChain !== undefined && left === 0 ? [`-X ${HOST_CHAIN}`] : []),
  ]);
}

const isOwnedBy = (owner: HostOwner, rule: string) =>
  rule.includes(`--comment ${commentOf(owner)} `);

/** The rules of `rules` that `others` lacks. */
function lacking(rules: readonly string[], others: readonly string[]) {
  const known = new Set(others.map(canonicalRule));
  return rules.filter((rule) => !known.has(canonicalRule(rule)));
}

function jumpLines(rules: readonly string[], wanted: boolean): string[] {
  const jumps = rules.filter((rule) => targetOf(rule) === HOST_CHAIN);
  const inPlace = rules[0] === JUMP && jumps.length === 1;
  if (wanted && inPlace) return [];
  return [
    ...jumps.map((rule) => `-D POSTROUTING ${rule}`),
    ...(wanted ? [`-I POSTROUTING 1 ${JUMP}`] : []),
  ];
}
