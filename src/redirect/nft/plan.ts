/**
 * The rules that make a pod's TCP traffic pass the proxy, for native nftables:
 * the tables that Istio's node agent writes, one rule set for both families.
 */
import { checkInterface, type RedirectOptions } from "../plan.ts";
import type { NftRule } from "./rule.ts";
import { baseText } from "./ruleset.ts";

/** The tables that are ours or another redirector's. */
export const OWN_TABLES = [
  "istio-ambient-nat",
  "istio-ambient-mangle",
  "istio-ambient-raw",
] as const;

export interface NftTablePlan {
  readonly name: string;
  /** In the order in which they are made. */
  readonly chains: readonly NftChainPlan[];
}

export interface NftChainPlan {
  readonly name: string;
  readonly base: string | undefined;
  readonly rules: readonly NftRule[];
}

const NOT_PROXY = "meta mark & 0xfff != 0x539";
const FROM_PROXY = "meta mark & 0xfff == 0x539";
const TCP = "meta l4proto tcp";

const rule = (...words: readonly string[]): NftRule => ({
  matches: words.slice(0, -1),
  action: words.at(-1)!,
});

/**
 * The rules for a pod, all of one transaction.
 *
 * @throws {ConfigError} for a virtual interface that cannot be one.
 */
export function planNft(options: RedirectOptions): NftTablePlan[] {
  for (const name of options.virtualInterfaces) checkInterface(name);
  return [
    planNat(options),
    planMangle(),
    ...(options.dnsCapture ? [planRaw()] : []),
  ];
}

/** One family's addresses: the probes' source, and all that is not loopback. */
interface FamilyWords {
  readonly header: "ip" | "ip6";
  readonly probe: string;
  readonly elsewhere: string;
}

function familiesOf(options: RedirectOptions): FamilyWords[] {
  const { v4, v6 } = options.probeSources;
  const four = { header: "ip", probe: v4, elsewhere: "ip daddr != 127.0.0.1" };
  const six = { header: "ip6", probe: v6, elsewhere: "ip6 daddr != ::1" };
  return (options.ipv6 ? [four, six] : [four]) as FamilyWords[];
}

function planNat(options: RedirectOptions): NftTablePlan {
  return tablePlan("istio-ambient-nat", {
    prerouting: ["nat", -100, natPrerouting(options)],
    output: ["nat", -100, natOutput(options)],
  });
}

function natPrerouting(options: RedirectOptions): NftRule[] {
  const families = familiesOf(options);
  const virtual = options.virtualInterfaces.flatMap((name) => {
    const arriving = `iifname "${wildcarded(name)}"`;
    return [
      rule(arriving, TCP, "redirect to :15001"),
      rule(arriving, TCP, "return"),
    ];
  });
  if (options.ingressMode) return virtual;
  return [
    ...virtual,
    ...families.map(({ header, probe }) =>
      rule(TCP, `${header} saddr ${probe}`, "accept")
    ),
    ...families.map(({ elsewhere }) =>
      rule(elsewhere, "tcp dport != 15008", NOT_PROXY, "redirect to :15006")
    ),
  ];
}

/** iptables ends a name that stands for several with a plus sign. */
const wildcarded = (name: string): string => name.replace(/\+$/, "*");

function natOutput(options: RedirectOptions): NftRule[] {
  const families = familiesOf(options);
  return [
    ...families.map(({ header, probe }) =>
      rule(TCP, `${header} daddr ${probe}`, "accept")
    ),
    ...(options.dnsCapture ? dnsOutput(options.ipv6, families) : []),
    rule(TCP, "meta mark & 0xfff == 0x111", "accept"),
    ...families.map(({ elsewhere }) =>
      rule('oifname "lo"', elsewhere, "accept")
    ),
    ...families.map(({ elsewhere }) =>
      rule(TCP, elsewhere, NOT_PROXY, "redirect to :15001")
    ),
  ];
}

function dnsOutput(
  ipv6: boolean,
  families: readonly FamilyWords[],
): NftRule[] {
  const toDns = "redirect to :15053";
  // Nobody listens on ::1 where IPv6 is not handled.
  const handled = ipv6 ? [] : ["meta nfproto ipv4"];
  return [
    rule(...handled, 'oifname != "lo"', NOT_PROXY, "udp dport 53", toDns),
    ...families.map(({ elsewhere }) =>
      rule(elsewhere, "tcp dport 53", NOT_PROXY, toDns)
    ),
  ];
}

/** Marks what the proxy sent, and lets the answers find back to it. */
function planMangle(): NftTablePlan {
  const mark = "ct mark set ct mark & 0xfffff000 | 0x111";
  const restore = "meta mark set ct mark";
  return tablePlan("istio-ambient-mangle", {
    prerouting: ["filter", -150, [rule(FROM_PROXY, mark)]],
    // Only this type looks for a route again once the mark has changed.
    output: ["route", -150, [rule("ct mark & 0xfff == 0x111", restore)]],
  });
}

/** Keeps the proxy's own queries apart from captured ones of the same port. */
function planRaw(): NftTablePlan {
  const zone = "ct zone set 1";
  return tablePlan("istio-ambient-raw", {
    prerouting: ["filter", -300, [rule("udp sport 53", NOT_PROXY, zone)]],
    output: ["filter", -300, [rule("udp dport 53", FROM_PROXY, zone)]],
  });
}

type Hooked = readonly [type: string, priority: number, rules: NftRule[]];

function tablePlan(
  name: string,
  hooks: Readonly<Record<"prerouting" | "output", Hooked>>,
): NftTablePlan {
  const chains = (["prerouting", "output"] as const).map((hook) => {
    const [type, priority, rules] = hooks[hook];
    const own = `istio-${hook}`;
    return {
      base: {
        name: hook,
        base: baseText({ type, hook, priority }),
        rules: [rule(`jump ${own}`)],
      },
      own: { name: own, base: undefined, rules },
    };
  });
  return {
    name,
    // What is jumped to is made first.
    chains: [
      ...chains.map(({ own }) => own),
      ...chains.map(({ base }) => base),
    ],
  };
}
