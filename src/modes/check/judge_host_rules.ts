/** Judgements on the node's own rules; pure. */
import { type Ip, isIpv6 } from "../../model/address.ts";
import { targetOf } from "../../redirect/mod.ts";
import { failed, type Judgement, ok, warning } from "./finding.ts";
import { type FoundRules, namely } from "./judge_rules.ts";
import { fateOf, type Packet } from "./source_translation.ts";

const CHAIN = "ISTIO_POSTRT";
const PROBE_HINT =
  "have hairpin write them again by a restart, and whoever took them away stop";

/** The node's own rules, whoever reads them by what. */
export interface NodeRules {
  readonly all: readonly FoundRules[];
  /** Addresses in the sets of hairpin's table; undefined: nftables has none. */
  readonly nftAddresses: readonly string[] | undefined;
  /** False where no program can show rules. */
  readonly isKnown: boolean;
}

/** Addresses of a pod that is served. */
export interface ServedPod {
  readonly name: string;
  readonly ips: readonly Ip[];
}

/**
 * Whether every pod's probes get the source that its rules let through, before
 * any other translation.
 *
 * @param owner Name of the node, as in the comments of its rules.
 */
export function judgeProbeRules(
  { all, nftAddresses, isKnown }: NodeRules,
  pods: readonly ServedPod[],
  owner: string,
): Judgement {
  const check = "probe rules";
  const holding = all.filter(({ rules }) => natChain(rules, CHAIN).length > 0);
  if (pods.length === 0) return ok(check, "no pod to have any");
  if (!isKnown) {
    return warning(
      check,
      "cannot be told without iptables or nft",
      "install iptables or nftables",
    );
  }
  if (holding.length === 0) {
    return nftAddresses === undefined
      ? failed(check, "there are none", PROBE_HINT)
      : judgeMembers(nftAddresses, pods);
  }
  const late = holding.find(({ rules }) =>
    targetOf(natChain(rules, "POSTROUTING")[0] ?? "") !== CHAIN
  );
  if (late !== undefined) {
    const [first = ""] = natChain(late.rules, "POSTROUTING");
    return failed(
      check,
      `IPv${late.family}: "-A POSTROUTING ${first}" comes first`,
      `${CHAIN} must be the first jump of POSTROUTING: restart hairpin, and change the order in which the other starts`,
    );
  }
  const rules = holding.flatMap((found) => natChain(found.rules, CHAIN));
  // Istio's agent has one rule for all, and a set of their addresses.
  if (rules.some((rule) => rule.includes("--match-set"))) {
    return ok(check, "by the node agent's set");
  }
  return judgeMembers(addressesOf(rules, owner), pods);
}

const addressesOf = (rules: readonly string[], owner: string): string[] =>
  rules.filter((rule) => rule.includes(`"hairpin ${owner}"`))
    .flatMap((rule) => /-d (\S+?)(?:\/\d+)?(?:\s|$)/.exec(rule)?.[1] ?? []);

function judgeMembers(
  addresses: readonly string[],
  pods: readonly ServedPod[],
): Judgement {
  const check = "probe rules";
  const own = new Set(addresses);
  const wanted = pods.flatMap(({ name, ips }) =>
    ips.map((ip) => ({ name, ip }))
  );
  // A family of which there are none at all is not served.
  const isServed = (ip: Ip) =>
    addresses.some((one) => one.includes(":") === isIpv6(ip));
  const missing = wanted.filter(({ ip }) => isServed(ip) && !own.has(ip));
  if (missing.length > 0 || own.size === 0) {
    const named = (own.size === 0 ? wanted : missing)
      .map(({ name, ip }) => `${name} (${ip})`);
    return failed(check, `none for ${namely(named)}`, PROBE_HINT);
  }
  const known = new Set<string>(wanted.map(({ ip }) => ip));
  const foreign = [...own].filter((ip) => !known.has(ip));
  return foreign.length === 0
    ? ok(check, `${own.size} addresses, before all other translations`)
    : warning(
      check,
      `also for ${namely(foreign)}, which no pod here has`,
      PROBE_HINT,
    );
}

/**
 * Whether the node leads every pod's traffic to the proxy, where that is done
 * outside of the pods.
 *
 * @param tables Text of hairpin's tables, of each family; undefined where one is not there.
 */
export function judgeNodeCapture(
  tables: Readonly<Record<4 | 6, string | undefined>>,
  pods: readonly ServedPod[],
): Judgement {
  const check = "node rules";
  const known = (family: 4 | 6) =>
    new Set(tables[family]?.match(/[0-9a-f]*[.:][0-9a-f.:]+/gi) ?? []);
  const inRules = { 4: known(4), 6: known(6) };
  const missing = pods.flatMap(({ name, ips }) =>
    ips.filter((ip) => !inRules[isIpv6(ip) ? 6 : 4].has(ip))
      .map((ip) => `${name} (${ip})`)
  );
  return missing.length === 0
    ? ok(check, `${pods.length} pods are captured`)
    : failed(
      check,
      `not captured: ${namely(missing)}`,
      "have hairpin write them again by a restart, and whoever took them away stop",
    );
}

const natChain = (
  rules: FoundRules["rules"],
  chain: string,
): readonly string[] => rules.tables.get("nat")?.chains.get(chain)?.rules ?? [];

/** Whether peers on other nodes see a pod by its own address. */
export function judgeTranslation(
  all: readonly FoundRules[],
  packets: readonly Packet[],
): Judgement {
  const check = "source addresses";
  if (packets.length === 0) {
    return ok(check, "no pods on two nodes to ask about");
  }
  const hits = packets.flatMap((packet) =>
    all.filter(({ family }) => (family === 6) === isIpv6(packet.source))
      .flatMap(({ rules }) => {
        const fate = fateOf(rules, packet);
        return fate.kind === "translated" ? [{ packet, rule: fate.rule }] : [];
      })
  );
  const [hit] = hits;
  if (hit === undefined) return ok(check, "pods keep theirs towards pods");
  const { packet: { source, destination }, rule } = hit;
  return failed(
    check,
    `${source} is hidden from ${destination} by "${rule}"`,
    "except the pods' networks from the network plugin's masquerading (nonMasqueradeCIDRs, natOutgoing)",
  );
}
