/**
 * The rules for pods that share a bridge: its ports reach each other without
 * the node's routing, so TCP from or to an enrolled pod is handed up to the node
 * instead, as if it had been sent to the bridge itself; so are its queries of
 * DNS. A frame that shows an
 * enrolled pod's address must come from that pod's port.
 */
import type { Family } from "../plan.ts";
import { type CapturedAddress, ofFamily } from "./captured_pod.ts";
import { NODE_TABLE } from "./names.ts";
import { type Block, elements, removeTable, replaceTable } from "./nft_text.ts";
import { DNS_PORT } from "./nft_words.ts";

export const BRIDGE_TABLE = `bridge ${NODE_TABLE}`;

/** Of UDP; TCP is handed up whatever it carries. */
const QUERY = `udp dport ${DNS_PORT}`;

const FAMILIES: readonly Family[] = [4, 6];

const WORDS = {
  4: { nft: "ip", type: "ipv4_addr", tcp: "meta protocol ip meta l4proto tcp" },
  6: {
    nft: "ip6",
    type: "ipv6_addr",
    tcp: "meta protocol ip6 meta l4proto tcp",
  },
} as const;

/** Of both families; what takes the table away where no pod is on a bridge. */
export function bridgeRules(addresses: readonly CapturedAddress[]): string {
  const bridged = addresses.filter(({ bridge }) => bridge !== undefined);
  if (bridged.length === 0) return removeTable(BRIDGE_TABLE);
  return replaceTable(BRIDGE_TABLE, [
    ...FAMILIES.flatMap((family) => setsOf(family, ofFamily(bridged, family))),
    {
      head: "chain prerouting",
      lines: [
        "type filter hook prerouting priority dstnat; policy accept;",
        ...FAMILIES.flatMap(enteringRules),
      ],
    },
    {
      head: "chain forward",
      lines: [
        "type filter hook forward priority filter; policy accept;",
        ...FAMILIES.flatMap(forwardRules),
      ],
    },
  ]);
}

function setsOf(
  family: Family,
  addresses: readonly CapturedAddress[],
): readonly Block[] {
  const { type } = WORDS[family];
  const ports = addresses.flatMap(({ ip, bridge }) =>
    bridge?.port === undefined ? [] : [{ ip, port: bridge.port }]
  );
  const block = (
    kind: "set" | "map",
    name: string,
    of: string,
    items: readonly string[],
  ): Block => ({
    head: `${kind} ${name}${family}`,
    lines: [`type ${of}`, elements(items)],
  });
  return [
    block("set", "pods", type, addresses.map(({ ip }) => ip)),
    block(
      "set",
      "asking",
      type,
      addresses.filter(({ dns }) => dns === true).map(({ ip }) => ip),
    ),
    block("set", "pinned", type, ports.map(({ ip }) => ip)),
    block(
      "set",
      "homes",
      `${type} . ifname`,
      ports.map(({ ip, port }) => `${ip} . "${port}"`),
    ),
    block(
      "map",
      "bridges",
      `${type} : ether_addr`,
      addresses.map(({ ip, bridge }) => `${ip} : ${bridge?.mac}`),
    ),
    // A port is one pod's: it speaks for no other that is enrolled.
    block(
      "set",
      "ports",
      "ifname",
      [...new Set(ports.map(({ port }) => `"${port}"`))],
    ),
  ];
}

function enteringRules(family: Family): readonly string[] {
  const { nft, tcp } = WORDS[family];
  // What is for a bridge itself goes up anyway, and that may be another one.
  const up = (what: string, side: string) =>
    `${what} meta pkttype != host ` +
    `ether daddr set ${nft} ${side} map @bridges${family} ` +
    "meta pkttype set host accept";
  const own = `${nft} saddr . iifname != @homes${family}`;
  return [
    `${nft} saddr @pinned${family} ${own} counter drop`,
    `${nft} saddr @pods${family} iifname @ports${family} ${own} counter drop`,
    up(tcp, "saddr"),
    up(tcp, "daddr"),
    up(`${nft} saddr @asking${family} ${QUERY}`, "saddr"),
  ];
}

function forwardRules(family: Family): readonly string[] {
  const { nft, tcp } = WORDS[family];
  return [
    `${tcp} ${nft} saddr @pods${family} counter drop`,
    `${tcp} ${nft} daddr @pods${family} counter drop`,
    `${nft} saddr @asking${family} ${QUERY} counter drop`,
  ];
}
