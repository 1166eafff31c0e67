/**
 * Probes of pods that have a branch network interface of their own, as AWS gives
 * those with security groups. Everything from and to such a pod is routed through
 * the cloud's network by a table of its own, also what the node itself sends. A
 * probe would come to the pod from outside, and be taken for a client's.
 *
 * Two rules a pod have what the node sends go straight to the pod, and what the
 * pod answers to the node arrive there.
 */
import type { Ip } from "../model/address.ts";
import { readKernelFile } from "../sys/kernel_file.ts";
import { inNetns } from "../sys/netns.ts";
import { ofFamily } from "./host_plan.ts";
import type { Family } from "./plan.ts";
import { type Netns, runIp } from "./programs.ts";
import { rowsOf } from "./routing.ts";

/** As Istio's node agent has it; also where AWS has the rules of pods without one. */
const TO_POD_PRIORITY = 512;
/** What tells our rules from others': a routing protocol that nobody has. */
const PROTOCOL = "153";
const BUILT_IN = new Set(["local", "main", "default"]);

/** One rule of ours, as the words of `ip rule` for it. */
export type RuleWords = string;

type Row = Readonly<Record<string, unknown>>;

/**
 * The rules that a node needs for the pods of these addresses.
 *
 * @param rules As `ip -json rule show` has them.
 * @param routes As `ip -json route show table all` has them.
 */
export function branchEniRules(
  ips: readonly Ip[],
  rules: readonly Row[],
  routes: readonly Row[],
): readonly RuleWords[] {
  return ips.flatMap((ip) => {
    const route = routes.find((row) => isBranchRoute(ip, row));
    const [table, dev] = [String(route?.table), String(route?.dev)];
    const selecting = rules.filter((row) =>
      String(row.table) === table && row.iif !== undefined &&
      !isOwn(row) && Number.isInteger(row.priority)
    );
    const rule = selecting.find(({ iif }) => iif === dev) ?? selecting[0];
    if (route === undefined || rule === undefined) return [];
    const before = Number(rule.priority) - 1;
    return [
      `to ${ip} lookup ${table} pref ${TO_POD_PRIORITY}`,
      // Nothing can come before the first rule of all, and need not.
      ...before < 0 ? [] : [`iif ${dev} lookup local pref ${before}`],
    ];
  });
}

/** The pod alone, by a device, in a table that somebody made for it. */
const isBranchRoute = (ip: Ip, { dst, dev, table, type }: Row): boolean =>
  dst === ip && typeof dev === "string" && table !== undefined &&
  !BUILT_IN.has(String(table)) && (type ?? "unicast") === "unicast";

const isOwn = ({ protocol }: Row): boolean => String(protocol) === PROTOCOL;

/** Those of ours that are there. */
export const ownRules = (rules: readonly Row[]): readonly RuleWords[] =>
  rules.filter(isOwn).map(({ dst, iif, table, priority }) => {
    const what = dst === undefined ? `iif ${iif}` : `to ${dst}`;
    return `${what} lookup ${table} pref ${priority}`;
  });

export interface BranchEniOptions {
  /** The node's namespace; undefined: the one of this process. */
  readonly netns: Netns;
  readonly ipv6: boolean;
}

/** Keeps the rules of one node. */
export class BranchEniRules {
  readonly #options: BranchEniOptions;
  #turn: Promise<unknown> = Promise.resolve();
  /** Whether there may be rules of ours, also of an earlier process. */
  #mayHaveRules = true;

  constructor(options: BranchEniOptions) {
    this.#options = options;
  }

  /**
   * Makes the rules be those of these pod addresses, whatever was there before.
   *
   * @throws {RedirectError} when they cannot be read or written.
   */
  sync(ips: readonly Ip[]): Promise<void> {
    const turn = this.#turn.then(() => this.#sync(ips));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #sync(ips: readonly Ip[]): Promise<void> {
    const wanted = this.#hasBranches() ? ips : [];
    if (wanted.length === 0 && !this.#mayHaveRules) return;
    this.#mayHaveRules = true;
    const { netns, ipv6 } = this.#options;
    let count = 0;
    for (const family of ipv6 ? [4, 6] as const : [4] as const) {
      count += await syncFamily(family, netns, ofFamily(wanted, family));
    }
    this.#mayHaveRules = count > 0;
  }

  /** AWS's plugin turns it off where pods have branch interfaces. */
  #hasBranches(): boolean {
    const { netns } = this.#options;
    const read = () => readKernelFile("/proc/sys/net/ipv4/tcp_early_demux");
    const value = netns === undefined ? read() : inNetns(netns, read);
    return value?.trim() === "0";
  }
}

/** @returns how many there are now. */
async function syncFamily(
  family: Family,
  netns: Netns,
  ips: readonly Ip[],
): Promise<number> {
  const ip = async (...args: string[]) =>
    rowsOf(await runIp(family, netns, ["-json", ...args], NO_FAMILY));
  const rules = await ip("rule", "show");
  const routes = ips.length === 0
    ? []
    : await ip("route", "show", "table", "all");
  const wanted = branchEniRules(ips, rules, routes);
  const found = ownRules(rules);
  const change = (verb: "add" | "del", words: RuleWords, tolerated: string) => {
    const args = ["rule", verb, ...words.split(" "), "protocol", PROTOCOL];
    return runIp(family, netns, args, tolerated);
  };
  for (const words of wanted) {
    if (!found.includes(words)) await change("add", words, "File exists");
  }
  for (const words of found) {
    if (wanted.includes(words)) continue;
    await change("del", words, "No such file or directory");
  }
  return wanted.length;
}

/** What `ip -6` says where the kernel has no IPv6. */
const NO_FAMILY = "not supported";
