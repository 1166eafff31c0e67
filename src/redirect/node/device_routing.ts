/** The routing on either side of the device, in the words of `ip`. */
import type { Fd } from "../../sys/libc.ts";
import type { Family } from "../plan.ts";
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
export interface SideRouting {
  readonly address: readonly string[];
  readonly routes: readonly Route[];
  readonly rules: readonly RoutingRule[];
}

/** A route for every destination. */
export interface Route {
  /** The next hop, by the device; undefined: the destination is here. */
  readonly via?: string;
  readonly table: string;
}

export interface RoutingRule {
  readonly priority: number;
  /** Device that a packet came in by. */
  readonly iif?: string;
  /** What {@link ROUTE_MASK} shows of its mark. */
  readonly mark?: number;
  /** Where it leads: {@link ROUTE_TABLE}, another rule, or the next one. */
  readonly to: "table" | "next" | number;
}

/** What a side should have. */
export function routingOf(side: keyof Sides, family: Family): SideRouting {
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

/** As `ip route` takes and prints it. */
export const routeWords = (family: Family, { via, table }: Route): string[] => [
  ...via === undefined ? ["local"] : [],
  family === 4 ? "0.0.0.0/0" : "::/0",
  ...via === undefined ? ["dev", "lo"] : ["via", via, "dev", DEVICE],
  ...["table", table],
];

/** As `ip rule` takes it. */
export const ruleWords = (
  { priority, iif, mark, to }: RoutingRule,
): string[] => [
  ...["pref", String(priority)],
  ...iif === undefined ? [] : ["iif", iif],
  ...mark === undefined ? [] : ["fwmark", `${hex(mark)}/${hex(ROUTE_MASK)}`],
  ...to === "table"
    ? ["lookup", ROUTE_TABLE]
    : to === "next"
    ? ["nop"]
    : ["goto", String(to)],
];
