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
  DEVICE,
  DEVICE_ENDS,
  FROM_PROXY_MARK,
  ROUTE_MASK,
  ROUTE_TABLE,
  RULE_PRIORITIES,
  TO_PROXY_MARK,
} from "./names.ts";
import { hex } from "./nft_text.ts";

/** The two sides, by their namespaces. */
export interface Sides {
  readonly node: Fd;
  readonly proxy: Fd;
}

/** What one side has of the routing, in the words of `ip`. */
interface SideRouting {
  readonly address: readonly string[];
  readonly routes: readonly Route[];
  readonly rules: readonly RoutingRule[];
}

/** A route for every destination. */
interface Route {
  /** The next hop, by the device; undefined: the destination is here. */
  readonly via?: string;
  readonly table: string;
}

interface RoutingRule {
  readonly priority: number;
  /** Device that a packet came in by. */
  readonly iif?: string;
  /** What {@link ROUTE_MASK} shows of its mark. */
  readonly mark?: number;
  /** Where it leads: {@link ROUTE_TABLE}, another rule, or the next one. */
  readonly to: "table" | "next" | number;
}

function routingOf(side: keyof Sides, family: Family): SideRouting {
  const ends = DEVICE_ENDS[family];
  const own = `${ends[side]}/${ends.prefix}`;
  const plain = family === 4 ? [] : ["nodad"];
  const address = [own, "dev", DEVICE, ...plain];
  const { toProxy, past, fromProxy, end, device } = RULE_PRIORITIES;
  const lookup = { to: "table" } as const;
  const byMark = { priority: toProxy, mark: TO_PROXY_MARK, ...lookup };
  if (side === "node") {
    // In an order in which nothing takes the wrong way meanwhile.
    const wayBack: RoutingRule[] = [
      { priority: end, to: "next" },
      { priority: past, iif: DEVICE, to: end },
      { priority: fromProxy, mark: FROM_PROXY_MARK, ...lookup },
    ];
    const there = { via: ends.proxy, table: ROUTE_TABLE };
    return { address, routes: [there], rules: [byMark, ...wayBack] };
  }
  return {
    address,
    routes: [
      { via: ends.node, table: "main" },
      { table: ROUTE_TABLE },
    ],
    rules: [{ priority: device, iif: DEVICE, ...lookup }, byMark],
  };
}

const routeWords = (family: Family, { via, table }: Route): string[] => [
  ...via === undefined ? ["local"] : [],
  family === 4 ? "0.0.0.0/0" : "::/0",
  ...via === undefined ? ["dev", "lo"] : ["via", via, "dev", DEVICE],
  ...["table", table],
];

const ruleWords = ({ priority, iif, mark, to }: RoutingRule): string[] => [
  ...["pref", String(priority)],
  ...iif === undefined ? [] : ["iif", iif],
  ...mark === undefined ? [] : ["fwmark", `${hex(mark)}/${hex(ROUTE_MASK)}`],
  ...to === "table"
    ? ["lookup", ROUTE_TABLE]
    : to === "next"
    ? ["nop"]
    : ["goto", String(to)],
];

/**
 * Makes device and routing where they are missing.
 *
 * @throws {RedirectError} when that cannot be done. Calling again is safe.
 */
export async function applyDevice(
  sides: Sides,
  families: readonly Family[],
): Promise<void> {
  if (!await hasLink(sides.proxy)) await makeDevice(sides);
  for (const side of ["node", "proxy"] as const) {
    for (const family of families) {
      await applyRouting(side, family, sides[side]);
    }
  }
}

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
  if (!await hasLink(node)) return [`device "${DEVICE}" is missing`];
  const missing: string[] = [];
  for (const family of families) {
    missing.push(...await missingOf("node", family, node));
  }
  return missing;
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
  if (!await hasLink(node)) return;
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
  for (const side of [node, proxy]) {
    await runIp(4, side, ["link", "set", DEVICE, "up"]);
  }
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
  const { routes, rules } = routingOf(side, family);
  const missing: string[] = [];
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

async function hasLink(netns: Fd): Promise<boolean> {
  const rows = await runIp(4, netns, ["-json", "link", "show"]);
  return jsonRows(rows).some(({ ifname }) => ifname === DEVICE);
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
