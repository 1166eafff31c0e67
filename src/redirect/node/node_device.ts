/**
 * The device between a node and its proxy's own namespace, and the routing on
 * either side of it. A veth pair carries packets as they are, whatever their
 * destination, so nothing has to be wrapped; its far end goes with the proxy's
 * namespace, and the near one with it.
 */
import { closeFd, type Fd } from "../../sys/libc.ts";
import { newNetns } from "../../sys/new_netns.ts";
import { writeSysctl } from "../../sys/sysctl.ts";
import { RedirectError } from "../errors.ts";
import type { Family } from "../plan.ts";
import { runIp } from "../programs.ts";
import { jsonRows } from "./json_rows.ts";
import {
  type Route,
  routeWords,
  routingOf,
  type RoutingRule,
  ruleWords,
  type Sides,
} from "./device_routing.ts";
import { DEVICE, DEVICE_ENDS, ROUTE_MASK, ROUTE_TABLE } from "./names.ts";
import { hex } from "./nft_text.ts";

/** What a process is told that no longer has the node. */
export const takenOver = (): RedirectError =>
  new RedirectError("Cannot redirect this node: another process does by now");

/**
 * Makes device and routing where they are missing.
 *
 * @param mayTake Whether another process's device is replaced.
 * @throws {RedirectError} when that cannot be done. Calling again is safe.
 */
export async function applyDevice(
  sides: Sides,
  families: readonly Family[],
  mayTake: boolean,
): Promise<void> {
  if (await linkState(sides.proxy) === "missing") {
    if (!mayTake && await hasNodeDevice(sides.node)) throw takenOver();
    await makeDevice(sides);
  }
  for (const side of ["node", "proxy"] as const) {
    if (await linkState(sides[side]) === "down") await raise(sides[side]);
    for (const family of families) {
      await applyRouting(side, family, sides[side]);
    }
  }
}

/** Whether the node's device leads to another proxy than this one. */
export const isReplaced = async ({ node, proxy }: Sides): Promise<boolean> =>
  await linkState(proxy) === "missing" && await linkState(node) !== "missing";

/** What is missing, one line each. */
export async function verifyDevice(
  sides: Sides,
  families: readonly Family[],
): Promise<string[]> {
  const missing = [...await verifyNodeDevice(sides.node, families)];
  for (const family of families) {
    missing.push(...await missingOf("proxy", family, sides.proxy));
  }
  return missing;
}

/** The same of the node's side alone. */
export async function verifyNodeDevice(
  node: Fd,
  families: readonly Family[],
): Promise<string[]> {
  const state = await linkState(node);
  if (state !== "up") return [`device "${DEVICE}" is ${state}`];
  const missing: string[] = [];
  for (const family of families) {
    missing.push(...await missingOf("node", family, node));
  }
  return missing;
}

export const hasNodeDevice = async (node: Fd): Promise<boolean> =>
  await linkState(node) !== "missing";

/** Whether one of the rules of routing is there. */
export async function hasNodeRules(
  node: Fd,
  families: readonly Family[],
): Promise<boolean> {
  for (const family of families) {
    for (const rule of routingOf("node", family).rules) {
      if (await hasRule(family, node, rule)) return true;
    }
  }
  return false;
}

/** Takes the node's part away; the proxy's goes with the device. */
export async function removeDevice(
  node: Fd,
  families: readonly Family[],
): Promise<void> {
  for (const family of families) {
    for (const rule of routingOf("node", family).rules.toReversed()) {
      if (!await hasRule(family, node, rule)) continue;
      await runIp(family, node, ["rule", "del", ...ruleWords(rule)], ABSENT);
    }
  }
  await removeLink(node);
}

const ABSENT = "No such file or directory";

async function removeLink(node: Fd): Promise<void> {
  if (await linkState(node) === "missing") return;
  await runIp(4, node, ["link", "delete", DEVICE], "Cannot find device");
}

/** One of another process's is replaced: a node has one proxy that steers. */
async function makeDevice({ node, proxy }: Sides): Promise<void> {
  await removeLink(node);
  const mtu = ["mtu", String(await smallestMtu(node))];
  const at = `/proc/${Deno.pid}/fd/${proxy}`;
  await runIp(4, node, [
    ...["link", "add", "name", DEVICE, ...mtu, "type", "veth"],
    ...["peer", "name", DEVICE, ...mtu, "netns", at],
  ]);
  await runIp(4, proxy, ["link", "set", "lo", "up"]);
  for (const [name, value] of NODE_SETTINGS) setOrFail(node, name, value);
  for (const [name, value] of PROXY_SETTINGS) setOrFail(proxy, name, value);
  for (const side of [node, proxy]) await raise(side);
}

/** What the proxy sends shows others' addresses; the node's own among them. */
const NODE_SETTINGS: readonly (readonly [string, string])[] = [
  [`net.ipv4.conf.${DEVICE}.src_valid_mark`, "1"],
  [`net.ipv4.conf.${DEVICE}.accept_local`, "1"],
  [`net.ipv4.conf.${DEVICE}.forwarding`, "1"],
];

const PROXY_SETTINGS: readonly (readonly [string, string])[] = [
  ["net.ipv4.conf.all.rp_filter", "0"],
  [`net.ipv4.conf.${DEVICE}.rp_filter`, "0"],
];

/**
 * Makes the proxy's namespace, where whoever has it may listen at any port:
 * nobody else is there, and the proxy need not be able to anywhere else.
 *
 * @throws {HairpinError} when that cannot be done.
 */
export function newProxyNetns(): Fd {
  const netns = newNetns();
  try {
    setOrFail(netns, "net.ipv4.ip_unprivileged_port_start", "0");
    return netns;
  } catch (reason) {
    closeFd(netns);
    throw reason;
  }
}

function setOrFail(netns: Fd, name: string, value: string): void {
  if (writeSysctl(netns, name, value)) return;
  throw new RedirectError(`Cannot set "${name}" to ${value}: not allowed`);
}

/** The proxy must not send a pod's peer more than the pod itself could. */
async function smallestMtu(node: Fd): Promise<number> {
  const rows = jsonRows(await runIp(4, node, ["-json", "link", "show", "up"]));
  const mtus = rows.map(({ mtu }) => Number(mtu)).filter((mtu) => mtu >= 1280);
  return Math.min(...mtus, 65_535);
}

async function applyRouting(
  side: keyof Sides,
  family: Family,
  netns: Fd,
): Promise<void> {
  const { address, routes, rules } = routingOf(side, family);
  await runIp(family, netns, ["address", "replace", ...address]);
  for (const route of routes) {
    await runIp(family, netns, [
      "route",
      "replace",
      ...routeWords(family, route),
    ]);
  }
  for (const rule of rules) {
    if (await hasRule(family, netns, rule)) continue;
    await runIp(family, netns, ["rule", "add", ...ruleWords(rule)], "exists");
  }
}

async function missingOf(
  side: keyof Sides,
  family: Family,
  netns: Fd,
): Promise<string[]> {
  const { address, routes, rules } = routingOf(side, family);
  const missing: string[] = [];
  if (!await hasAddress(family, netns, DEVICE_ENDS[family][side])) {
    missing.push(`address "${address.join(" ")}"`);
  }
  for (const rule of rules) {
    if (await hasRule(family, netns, rule)) continue;
    missing.push(`rule "${ruleWords(rule).join(" ")}"`);
  }
  for (const route of routes) {
    if (await hasRoute(family, netns, route)) continue;
    missing.push(`route "${routeWords(family, route).join(" ")}"`);
  }
  return missing.map((what) => `IPv${family}, ${side}: ${what} is missing`);
}

const raise = (netns: Fd): Promise<string> =>
  runIp(4, netns, ["link", "set", DEVICE, "up"]);

async function linkState(netns: Fd): Promise<"missing" | "down" | "up"> {
  const rows = jsonRows(await runIp(4, netns, ["-json", "link", "show"]));
  const link = rows.find(({ ifname }) => ifname === DEVICE);
  if (link === undefined) return "missing";
  const { flags } = link;
  return Array.isArray(flags) && flags.includes("UP") ? "up" : "down";
}

async function hasAddress(
  family: Family,
  netns: Fd,
  ip: string,
): Promise<boolean> {
  const args = ["-json", "address", "show", "dev", DEVICE];
  const rows = jsonRows(await runIp(family, netns, args, "does not exist"));
  return JSON.stringify(rows).includes(`"local":"${ip}"`);
}

async function hasRule(
  family: Family,
  netns: Fd,
  { priority, iif, mark, to }: RoutingRule,
): Promise<boolean> {
  const text = await runIp(family, netns, ["-json", "rule", "show"]);
  const fwmark = mark === undefined ? undefined : hex(mark);
  const fwmask = mark === undefined ? undefined : hex(ROUTE_MASK);
  return jsonRows(text).some((row) =>
    row.priority === priority && row.src === "all" && row.iif === iif &&
    row.fwmark === fwmark && row.fwmask === fwmask &&
    row.not === undefined &&
    row.table === (to === "table" ? ROUTE_TABLE : undefined) &&
    row.goto === (typeof to === "number" ? to : undefined)
  );
}

async function hasRoute(
  family: Family,
  netns: Fd,
  { via, table }: Route,
): Promise<boolean> {
  // The text for a table that nothing was ever put into.
  const none = "FIB table does not exist";
  const type = via === undefined ? "local" : "unicast";
  const args = ["-json", "route", "show", "table", table, "type", type];
  return jsonRows(await runIp(family, netns, args, none)).some((row) =>
    row.dst === "default" && row.gateway === via &&
    row.dev === (via === undefined ? "lo" : DEVICE)
  );
}
