/** Judgements on the rules in a pod's namespace. */
import {
  compareRules,
  DEFAULT_REDIRECT_OPTIONS,
  type Family,
  hasResidue,
  type NftRedirection,
  planRedirect,
  type Ruleset,
  targetOf,
} from "../../redirect/mod.ts";
import { failed, type Judgement, ok, warning } from "./finding.ts";
import { NAMED_MAX } from "./limits.ts";

/** The rules of one family in one of the kernel's two backends. */
export interface FoundRules {
  readonly backend: "legacy" | "nft";
  readonly family: Family;
  readonly rules: Ruleset;
}

/** The first few, and how many more there are. */
export function namely(items: readonly string[]): string {
  const more = items.length - NAMED_MAX;
  const named = items.slice(0, NAMED_MAX).join("; ");
  return more > 0 ? `${named}; and ${more} more` : named;
}

/** Redirection as it was found in a namespace. */
export interface HeldRules {
  /** What iptables shows. */
  readonly all: readonly FoundRules[];
  /** What nftables itself holds beside it; undefined: nothing of a redirector's. */
  readonly nft: NftRedirection | undefined;
  /** False where no program can show rules. */
  readonly isKnown: boolean;
}

/** The backends of iptables in which somebody redirects. */
const backendsIn = (all: readonly FoundRules[]) =>
  (["nft", "legacy"] as const).filter((backend) =>
    all.some((found) => found.backend === backend && hasResidue(found.rules))
  );

const UNKNOWN = "cannot be told without iptables or nft";
const INSTALL = "install iptables or nftables";

/** Everything that redirects here, in words. */
const holdersOf = ({ all, nft }: HeldRules): string[] => [
  ...backendsIn(all).map((backend) => `iptables-${backend}`),
  ...nft === undefined ? [] : ["nftables"],
];

/** The families that are redirected. */
export const familiesIn = ({ all, nft }: HeldRules): Family[] =>
  ([4, 6] as const).filter((family) =>
    backendsIn(all.filter((found) => found.family === family)).length > 0 ||
    nft?.families.includes(family)
  );

/** Whether DNS is captured here; the pod may say so itself, so the rules tell. */
export const capturesDns = ({ all, nft }: HeldRules): boolean =>
  (nft?.dnsCapture ?? false) || allCaptureDns(all);

const allCaptureDns = (all: readonly FoundRules[]): boolean =>
  all.some(({ rules }) =>
    rulesOf(rules).some(({ rule }) => rule.includes("--to-ports 15053"))
  );

/** Whether the rules of an enrolled pod are those that were planned. */
export function judgeRules(held: HeldRules): Judgement {
  const check = "rules";
  const holders = holdersOf(held);
  if (!held.isKnown) return failed(check, UNKNOWN, INSTALL);
  if (holders.length === 0) {
    return failed(check, "no redirection rules", "hairpin redirect apply");
  }
  if (holders.length > 1) {
    return failed(
      check,
      `redirection rules in ${holders.join(" and ")} at once`,
      "let one program write them: hairpin redirect remove, then apply",
    );
  }
  const [holder] = holders;
  if (held.nft !== undefined) {
    return judgeDifferences(held.nft.ingressMode, held.nft.differences, holder);
  }
  const found = held.all.filter(({ rules }) => hasResidue(rules));
  if (isOldLayout(found)) {
    return warning(
      check,
      "an old layout, by TPROXY: it works",
      "update the node agent, and have it enrol the pod anew",
    );
  }
  const differences = differencesOf(found, false);
  const inIngressMode = differences.length > 0 &&
    differencesOf(found, true).length === 0;
  return judgeDifferences(
    inIngressMode,
    inIngressMode ? [] : differences,
    holder,
  );
}

function judgeDifferences(
  ingressMode: boolean,
  differences: readonly string[],
  holder: string | undefined,
): Judgement {
  const check = "rules";
  if (differences.length > 0) {
    return failed(check, namely(differences), "hairpin redirect apply");
  }
  return ingressMode
    ? warning(
      check,
      "inbound traffic is not captured",
      "fine if the pod is annotated ambient.istio.io/bypass-inbound-capture",
    )
    : ok(check, `as planned, by ${holder}`);
}

/** Istio 1.21 to 1.23 led inbound connections to the proxy without translating them. */
const isOldLayout = (found: readonly FoundRules[]): boolean =>
  found.some(({ rules }) =>
    rulesOf(rules).some(({ table, chain, rule }) =>
      table === "mangle" && chain === "ISTIO_PRERT" &&
      targetOf(rule) === "TPROXY" && rule.includes("--on-port 15006")
    )
  );

function differencesOf(
  found: readonly FoundRules[],
  ingressMode: boolean,
): string[] {
  const dnsCapture = allCaptureDns(found);
  const plans = planRedirect({
    ...DEFAULT_REDIRECT_OPTIONS,
    dnsCapture,
    ingressMode,
    virtualInterfaces: virtualInterfacesIn(found),
  });
  // Without IPv6 rules at all, IPv6 was not asked for.
  return plans.flatMap((plan) => {
    const one = found.find(({ family }) => family === plan.family);
    if (one === undefined) return [];
    return plan.family === 6 && !hasResidue(one.rules)
      ? []
      : compareRules(plan, one.rules);
  });
}

/** What a pod's annotation may add; one that it does not, looks the same. */
function virtualInterfacesIn(found: readonly FoundRules[]): string[] {
  const names = found.flatMap(({ rules }) =>
    rulesOf(rules).flatMap(({ table, chain, rule }) => {
      const isOurs = table === "nat" && chain === "ISTIO_PRERT";
      return isOurs ? VIRTUAL_INTERFACE.exec(rule)?.[1] ?? [] : [];
    })
  );
  return [...new Set(names)];
}

const VIRTUAL_INTERFACE =
  /^-i ([-\w.:@+]{1,16}) -p tcp -j REDIRECT --to-ports 15001$/;

/** Whether a namespace that is not enrolled is free of redirection. */
export function judgeLeftover(held: HeldRules): Judgement {
  const check = "leftover rules";
  const holders = holdersOf(held);
  if (!held.isKnown) return warning(check, UNKNOWN, INSTALL);
  return holders.length === 0 ? ok(check, "none") : failed(
    check,
    `redirection by ${holders.join(" and ")}, and no proxy for it`,
    "hairpin redirect remove --netns PATH",
  );
}

/** Rules of others that decide before ours, or drop what ours need. */
export function judgeForeign(all: readonly FoundRules[]): Judgement {
  const check = "foreign rules";
  const each = (read: (rules: Ruleset) => string[]) =>
    all.flatMap(({ family, rules }) =>
      read(rules).map((text) => `IPv${family} ${text}`)
    );
  const hint =
    "let TCP to 15001, 15006 and 15008 through, before anything else";
  const stopping = each(stoppingRules);
  if (stopping.length > 0) return failed(check, namely(stopping), hint);
  const dropping = each(droppingChains);
  return dropping.length === 0
    ? ok(check, "none interferes")
    : warning(check, namely(dropping), hint);
}

/** The ports without which the redirection leads nowhere. */
const NEEDED_PORTS = [15001, 15006, 15008, 15053];

const STOPS = new Set(["DROP", "REJECT"]);
const DIVERTS = new Set(["REDIRECT", "DNAT", "TPROXY"]);

/** Without a condition but the protocol, as what an agent cut short leaves behind. */
const STOPS_ALL = /^(?:-p (?:tcp|udp) )?-j (?:DROP|REJECT)\b/;

const droppingChains = (rules: Ruleset): string[] =>
  [...rules.tables].flatMap(([table, { chains }]) =>
    [...chains].filter(([, { policy }]) => policy === "DROP")
      .map(([chain]) => `${table}: chain ${chain} drops by policy`)
  );

const stoppingRules = (rules: Ruleset): string[] =>
  rulesOf(rules)
    .filter(({ chain, rule }) => !chain.startsWith("ISTIO") && touches(rule))
    .map(({ table, chain, rule }) => `${table}: "-A ${chain} ${rule}"`);

function touches(rule: string): boolean {
  const target = targetOf(rule) ?? "";
  if (DIVERTS.has(target)) return /(^|\s)-p tcp\b/.test(rule);
  return STOPS.has(target) &&
    (STOPS_ALL.test(rule) || portsIn(rule).some(isNeeded));
}

/** From and to of what `--dport 80`, `--dport 80:90` or `--dports 80,90:99` names; negated it says nothing. */
function portsIn(rule: string): (readonly [from: number, to: number])[] {
  const named = /(! )?--d?ports? (\S+)/.exec(rule);
  if (named === null || named[1] !== undefined) return [];
  return named[2]!.split(",").map((range) => {
    const [from = "", to = from] = range.split(":");
    return [Number(from || 0), Number(to || 65_535)] as const;
  });
}

const isNeeded = ([from, to]: readonly [from: number, to: number]): boolean =>
  NEEDED_PORTS.some((port) => from <= port && port <= to);

const rulesOf = (rules: Ruleset) =>
  [...rules.tables].flatMap(([table, { chains }]) =>
    [...chains].flatMap(([chain, { rules }]) =>
      rules.map((rule) => ({ table, chain, rule }))
    )
  );
