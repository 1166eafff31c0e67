/**
 * The node's own rules for native nftables: a table of each owner's own, with a
 * set of the pods' addresses.
 */
import type { Ip } from "../../model/address.ts";
import { type HostOwner, ofFamily } from "../host_plan.ts";
import { OWNER_NAME_MAX, PROBED_PODS_MAX } from "../limits.ts";
import type { Family, ProbeSources } from "../plan.ts";
import { compareTable } from "./compare.ts";
import type { NftTablePlan } from "./plan.ts";
import { baseText, type NftTable } from "./ruleset.ts";
import { deletion, tableLines } from "./script.ts";

/** Just in front of every other translation of sources, whoever comes first. */
const PRIORITY = 99;

/** Nobody else has this table, so that it can go as a whole. */
export const hostTable = ({ name }: HostOwner): string =>
  `hairpin-${name.slice(-OWNER_NAME_MAX)}`;

/** The names of Istio's node agent. */
const setOf = (family: Family): string => `istio-inpod-probes-v${family}`;

export interface HostSets {
  readonly owner: HostOwner;
  readonly ips: readonly Ip[];
  readonly families: readonly Family[];
}

/**
 * A script that leaves an owner with just these addresses in its sets; without
 * addresses, with no trace of it. The table stays where only addresses differ.
 *
 * @returns empty when all is so already.
 */
export function hostScript(
  table: NftTable | undefined,
  wanted: HostSets,
): string {
  const plan = planHost(wanted);
  if (wanted.ips.length === 0) {
    return table === undefined ? "" : text(deletion(plan.name));
  }
  const isSound = compareTable(plan, table).length === 0 &&
    wanted.families.every((family) =>
      table?.sets.get(setOf(family))?.type === SETS[family]
    );
  const elements = (family: Family) =>
    isSound ? table?.sets.get(setOf(family))?.elements ?? [] : [];
  return text([
    ...(isSound ? [] : makingLines(plan, table, wanted.families)),
    ...wanted.families.flatMap((family) =>
      elementLines(`inet ${plan.name} ${setOf(family)}`, {
        wanted: ofFamily(wanted.ips, family),
        found: elements(family),
      })
    ),
  ]);
}

const text = (lines: readonly string[]): string =>
  lines.length === 0 ? "" : [...lines, ""].join("\n");

const SETS: Readonly<Record<Family, string>> = {
  4: "ipv4_addr",
  6: "ipv6_addr",
};

function planHost({ owner, families }: HostSets): NftTablePlan {
  return {
    name: hostTable(owner),
    chains: [{
      name: "postrouting",
      base: baseText({ type: "nat", hook: "postrouting", priority: PRIORITY }),
      rules: families.map((family) => probeRule(family, owner.probeSources)),
    }],
  };
}

function probeRule(family: Family, { v4, v6 }: ProbeSources) {
  const header = family === 4 ? "ip" : "ip6";
  return {
    matches: [
      "meta l4proto tcp",
      // Forwarded traffic has no socket here, and so nobody's user, and stays captured.
      "meta skuid >= 0",
      `${header} daddr @${setOf(family)}`,
    ],
    action: `snat ${header} to ${family === 4 ? v4 : v6}`,
  };
}

function makingLines(
  plan: NftTablePlan,
  found: NftTable | undefined,
  families: readonly Family[],
): string[] {
  const { name } = plan;
  const sets = families.map((family) =>
    `add set inet ${name} ${setOf(family)} { type ${
      SETS[family]
    }; size ${PROBED_PODS_MAX}; }`
  );
  return [
    ...(found === undefined ? [] : deletion(name)),
    `add table inet ${name}`,
    ...sets,
    ...tableLines(plan, undefined),
  ];
}

function elementLines(
  set: string,
  { wanted, found }: { wanted: readonly string[]; found: readonly string[] },
): string[] {
  const lacking = (some: readonly string[], others: readonly string[]) => {
    const known = new Set(others);
    return some.filter((one) => !known.has(one));
  };
  return ([
    ["delete", lacking(found, wanted)],
    ["add", lacking(wanted, found)],
  ] as const).filter(([, addresses]) => addresses.length > 0)
    .map(([verb, addresses]) =>
      `${verb} element ${set} { ${addresses.join(", ")} }`
    );
}
