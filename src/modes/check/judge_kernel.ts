/** Judgements on what the node's kernel does and has; pure. */
import { type ProbedDevice, VETH_HINT } from "../../redirect/node/mod.ts";
import { failed, type Judgement, ok, warning } from "./finding.ts";
import { namely } from "./judge_rules.ts";
import { CONNTRACK_FILL_MAX, CONNTRACK_MIN } from "./limits.ts";

/** Text of `/proc/sys/net/…`; undefined where there is none. */
export interface Forwarding {
  readonly v4: string | undefined;
  /** undefined also where no pod has an IPv6 address. */
  readonly v6: string | undefined;
}

/** Whether the node passes packets of its pods on. */
export function judgeForwarding({ v4, v6 }: Forwarding): Judgement {
  const check = "forwarding";
  const off = [
    ...v4 === "0" ? ["net.ipv4.ip_forward"] : [],
    ...v6 === "0" ? ["net.ipv6.conf.all.forwarding"] : [],
  ];
  return off.length === 0 ? ok(check, "on") : failed(
    check,
    `off: ${off.join(", ")}`,
    off.map((name) => `sysctl -w ${name}=1`).join("; "),
  );
}

/**
 * Whether there is a device that leads the pods of a node to its proxy.
 *
 * @param devices Every kind, best first.
 */
export function judgeDevices(devices: readonly ProbedDevice[]): Judgement {
  const check = "node device";
  const [veth, ...others] = devices;
  if (veth === undefined || veth.failure !== undefined) {
    return failed(check, veth?.failure ?? "not looked for", VETH_HINT);
  }
  const names = (made: boolean) =>
    others.filter(({ failure }) => (failure === undefined) === made)
      .map(({ kind }) => kind).join(", ") || "none";
  return ok(
    check,
    `veth; of tunnels the kernel makes: ${names(true)}; not: ${names(false)}`,
  );
}

/** Whether there is room for more connections: without an entry nothing is redirected. */
export function judgeConntrack(
  count: string | undefined,
  max: string | undefined,
): Judgement {
  const check = "connection tracking";
  if (max === undefined) {
    return failed(
      check,
      "the kernel tracks no connections",
      "modprobe nf_conntrack",
    );
  }
  const [used, room] = [Number(count ?? 0), Number(max)];
  const raise = (to: number) =>
    `sysctl -w net.netfilter.nf_conntrack_max=${to}`;
  // 0 is without a limit.
  if (room > 0 && used >= room * CONNTRACK_FILL_MAX) {
    return failed(
      check,
      `${used} of ${room}: new connections are dropped`,
      raise(Math.max(room * 2, CONNTRACK_MIN)),
    );
  }
  return room > 0 && room < CONNTRACK_MIN
    ? warning(
      check,
      `room for ${room} only, under ${CONNTRACK_MIN}`,
      raise(CONNTRACK_MIN),
    )
    : ok(check, `${used} of ${room}`);
}

/** What the kernel says of its modules; a file that is not there is undefined. */
export interface KernelModules {
  readonly release: string;
  /** `/proc/modules`. */
  readonly loaded: string | undefined;
  /** `modules.builtin` of its release. */
  readonly builtin: string | undefined;
  /** `modules.dep` of its release: all that could be loaded. */
  readonly loadable: string | undefined;
}

/** What the rules are made of, by the programs that write them. */
const MODULES = {
  any: ["nf_conntrack", "nf_nat"],
  iptables: [
    "xt_REDIRECT",
    "xt_connmark",
    "xt_mark",
    "xt_CT",
    "xt_owner",
    "xt_tcpudp",
    "xt_comment",
  ],
  nft: ["nft_redir", "nft_ct", "nft_chain_nat"],
} as const;

/** Whether the kernel has what rules are made of. */
export function judgeModules(
  kernel: KernelModules,
  writers: readonly ("iptables" | "nft")[],
): Judgement {
  const check = "kernel modules";
  const wanted = [
    ...MODULES.any,
    ...writers.flatMap((writer) => MODULES[writer]),
  ];
  const { builtin, loadable, release } = kernel;
  if (builtin === undefined || loadable === undefined) {
    return ok(check, `no list of them for ${release}: the rules are the proof`);
  }
  const known = new Set([
    ...namesIn(kernel.loaded ?? "", /^(\S+) /gm),
    ...namesIn(builtin, FILE),
    ...namesIn(loadable, FILE),
  ]);
  const missing = wanted.filter((name) => !known.has(name));
  return missing.length === 0 ? ok(check, `${wanted.length} at hand`) : warning(
    check,
    `${release} lacks ${namely(missing)}`,
    "install the kernel's extra modules",
  );
}

/** `kernel/net/netfilter/xt_CT.ko.zst: …`, with or without what it needs. */
const FILE = /^(?:\S*\/)?([^/\s]+?)\.ko(?:\.\w+)?(?::|$)/gm;

const namesIn = (text: string, pattern: RegExp): string[] =>
  Array.from(text.matchAll(pattern), ([, name]) => name!.replaceAll("-", "_"));
