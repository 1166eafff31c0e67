/**
 * The rules that make a pod's TCP traffic pass the proxy, as data. They are
 * the ones that Istio's node agent writes, so that either adopts the other's.
 */
import { ConfigError } from "../base/errors.ts";
import type { Ip } from "../model/address.ts";
import { INTERFACE_NAME_MAX } from "./limits.ts";

export type Family = 4 | 6;
export type TableName = "filter" | "mangle" | "nat" | "raw";

/** What one pod's redirection depends on. */
export interface RedirectOptions {
  /** Whether IPv6 is redirected too. Default true. */
  readonly ipv6: boolean;
  /** Whether DNS goes to port 15053. Default false. */
  readonly dnsCapture: boolean;
  /** Leaves inbound traffic alone, for an ingress gateway. Default false. */
  readonly ingressMode: boolean;
  /** Interfaces whose traffic counts as the pod's own. Default none. */
  readonly virtualInterfaces: readonly string[];
  /** What probes from the node show as their source. */
  readonly probeSources: ProbeSources;
}

export interface ProbeSources {
  readonly v4: Ip;
  readonly v6: Ip;
}

/** Istio's, so that the rules of both are the same. */
export const DEFAULT_PROBE_SOURCES: ProbeSources = {
  v4: "169.254.7.127" as Ip,
  v6: "fd16:9254:7127:1337:ffff:ffff:ffff:ffff" as Ip,
};

export const DEFAULT_REDIRECT_OPTIONS: RedirectOptions = {
  ipv6: true,
  dnsCapture: false,
  ingressMode: false,
  virtualInterfaces: [],
  probeSources: DEFAULT_PROBE_SOURCES,
};

/** A chain of our own. */
export interface ChainPlan {
  readonly name: string;
  /** In the words of `iptables-save`, without `-A CHAIN`; order matters. */
  readonly rules: readonly string[];
}

/** From the end of a built-in chain to one of ours. */
export interface Jump {
  readonly from: "PREROUTING" | "OUTPUT";
  readonly to: string;
}

export interface TablePlan {
  readonly name: TableName;
  readonly jumps: readonly Jump[];
  readonly chains: readonly ChainPlan[];
}

export interface FamilyPlan {
  readonly family: Family;
  readonly tables: readonly TablePlan[];
}

export const PREROUTING_CHAIN = "ISTIO_PRERT";
export const OUTPUT_CHAIN = "ISTIO_OUTPUT";
/** Chains of this prefix are ours or another redirector's. */
export const CHAIN_PREFIX = "ISTIO";

const NOT_PROXY = "-m mark ! --mark 0x539/0xfff";
const FROM_PROXY = "-m mark --mark 0x539/0xfff";

/**
 * The rules for a pod, one plan per family.
 *
 * @throws {ConfigError} for a virtual interface that cannot be one.
 */
export function planRedirect(options: RedirectOptions): FamilyPlan[] {
  for (const name of options.virtualInterfaces) checkInterface(name);
  const families: Family[] = options.ipv6 ? [4, 6] : [4];
  return families.map((family) => ({
    family,
    tables: [
      planMangle(),
      planNat(family, options),
      ...(options.dnsCapture ? [planRaw()] : []),
    ],
  }));
}

/** Marks what the proxy sent, and lets the answers find back to it. */
function planMangle(): TablePlan {
  const restore =
    "-m connmark --mark 0x111/0xfff -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff";
  const mark = `${FROM_PROXY} -j CONNMARK --set-xmark 0x111/0xfff`;
  return tablePlan("mangle", { output: [restore], prerouting: [mark] });
}

function planNat(family: Family, options: RedirectOptions): TablePlan {
  const probe = family === 4
    ? `${options.probeSources.v4}/32`
    : `${options.probeSources.v6}/128`;
  const elsewhere = family === 4 ? "! -d 127.0.0.1/32" : "! -d ::1/128";
  return tablePlan("nat", {
    output: natOutput(probe, elsewhere, options),
    prerouting: natPrerouting(probe, elsewhere, options),
  });
}

function natOutput(
  probe: string,
  elsewhere: string,
  { dnsCapture }: RedirectOptions,
): string[] {
  const toDns = "-j REDIRECT --to-ports 15053";
  const dns = [
    `! -o lo -p udp ${NOT_PROXY} -m udp --dport 53 ${toDns}`,
    `${elsewhere} -p tcp -m tcp --dport 53 ${NOT_PROXY} ${toDns}`,
  ];
  return [
    `-d ${probe} -p tcp -m tcp -j ACCEPT`,
    ...(dnsCapture ? dns : []),
    "-p tcp -m mark --mark 0x111/0xfff -j ACCEPT",
    `${elsewhere} -o lo -j ACCEPT`,
    `${elsewhere} -p tcp ${NOT_PROXY} -j REDIRECT --to-ports 15001`,
  ];
}

function natPrerouting(
  probe: string,
  elsewhere: string,
  { ingressMode, virtualInterfaces }: RedirectOptions,
): string[] {
  const inbound = [
    `-s ${probe} -p tcp -m tcp -j ACCEPT`,
    `${elsewhere} -p tcp -m tcp ! --dport 15008 ${NOT_PROXY} -j REDIRECT --to-ports 15006`,
  ];
  return [
    ...virtualInterfaces.flatMap((name) => [
      `-i ${name} -p tcp -j REDIRECT --to-ports 15001`,
      `-i ${name} -p tcp -j RETURN`,
    ]),
    ...(ingressMode ? [] : inbound),
  ];
}

/** Keeps the proxy's own queries apart from captured ones of the same port. */
function planRaw(): TablePlan {
  const zone = "-j CT --zone 1";
  return tablePlan("raw", {
    output: [`-p udp ${FROM_PROXY} -m udp --dport 53 ${zone}`],
    prerouting: [`-p udp ${NOT_PROXY} -m udp --sport 53 ${zone}`],
  });
}

function tablePlan(
  name: TableName,
  rules: { output: string[]; prerouting: string[] },
): TablePlan {
  return {
    name,
    jumps: [
      { from: "PREROUTING", to: PREROUTING_CHAIN },
      { from: "OUTPUT", to: OUTPUT_CHAIN },
    ],
    chains: [
      { name: OUTPUT_CHAIN, rules: rules.output },
      { name: PREROUTING_CHAIN, rules: rules.prerouting },
    ],
  };
}

/** The name becomes part of a rule's text: no space, no quote, no option. */
export function checkInterface(name: string): void {
  const fits = name.length <= INTERFACE_NAME_MAX &&
    /^[A-Za-z0-9_][A-Za-z0-9_.@-]*\+?$/.test(name);
  if (fits) return;
  throw new ConfigError(
    `Cannot redirect interface ${JSON.stringify(name)}: not an interface name`,
  );
}
