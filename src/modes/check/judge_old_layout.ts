/** What Istio's preview of 2022 left on a node: it marked packets there, and sent them through tunnels; pure. */
import { failed, type Judgement, ok, warning } from "./finding.ts";
import { type FoundRules, namely } from "./judge_rules.ts";

/** What programs print of the node; undefined where they cannot. */
export interface OldLayoutFacts {
  /** `ip -o link show`. */
  readonly links: string | undefined;
  /** `ip rule show`. */
  readonly rules: string | undefined;
  /** Of each of {@link OLD_TABLES} `ip route show table`. */
  readonly routes: ReadonlyMap<number, string>;
  /** `ipset list -n`. */
  readonly sets: string | undefined;
  readonly all: readonly FoundRules[];
}

/** Routing tables that it filled. */
export const OLD_TABLES: readonly number[] = [100, 101, 102];

/** Whether that layout is gone: what steers packets is in the way, the rest lies about. */
export function judgeOldLayout(facts: OldLayoutFacts): Judgement {
  const check = "layout of 2022";
  const steering = [...chainsIn(facts.all), ...rulesIn(facts.rules ?? "")];
  const idle = [
    ...devicesIn(facts.links ?? ""),
    ...tablesIn(facts.routes),
    ...facts.sets?.split("\n").includes(SET) ? [`set ${SET}`] : [],
  ];
  if (steering.length > 0) {
    return failed(check, `left: ${namely([...steering, ...idle])}`, HINT);
  }
  return idle.length === 0
    ? ok(check, "nothing left of it")
    : warning(check, `left: ${namely(idle)}`, HINT);
}

const HINT =
  "restart the node, or delete all of it: jumps and chains ztunnel-*, ip rule del pref 100 to 103, " +
  "ip route flush table 100 to 102, ip link del istioin and istioout, ipset destroy ztunnel-pods-ips";

const SET = "ztunnel-pods-ips";

const chainsIn = (all: readonly FoundRules[]): string[] =>
  all.flatMap(({ backend, family, rules }) =>
    [...rules.tables].flatMap(([table, { chains }]) =>
      [...chains.keys()].filter((chain) => chain.startsWith("ztunnel-")).map(
        (chain) => `IPv${family} ${table}: chain ${chain} (${backend})`,
      )
    )
  );

/** By number and by text: what else has one of these numbers is somebody else's. */
const OLD_RULES: readonly RegExp[] = [
  /^100:\s+from all fwmark 0x200\/0x200 goto 32766\b/,
  /^101:\s+from all fwmark 0x100\/0x100 lookup 101\b/,
  /^102:\s+from all fwmark 0x40\/0x40 lookup 102\b/,
  /^103:\s+from all lookup 100\b/,
];

const rulesIn = (text: string): string[] =>
  text.split("\n").filter((line) => OLD_RULES.some((rule) => rule.test(line)))
    .map((line) => `rule "${line.trim().replaceAll(/\s+/g, " ")}"`);

const devicesIn = (text: string): string[] =>
  Array.from(
    text.matchAll(/^\d+: (p?istio(?:in|out))[@:]/gm),
    ([, name]) => `device ${name}`,
  );

const tablesIn = (routes: ReadonlyMap<number, string>): string[] =>
  [...routes].filter(([, text]) => /\bdev p?istio(?:in|out)\b/.test(text))
    .map(([table]) => `routes in table ${table}`);
