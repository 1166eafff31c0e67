/** Parts that the rules on both sides of the device are put together from. */
import type { Family } from "../plan.ts";
import type { CapturedAddress } from "./captured_pod.ts";
import { NODE_TABLE, ROUTE_MASK, TO_PROXY_MARK } from "./names.ts";
import { type Block, elements, hex } from "./nft_text.ts";

/** The port that DNS servers are asked at. RFC 1035, section 4.2. */
export const DNS_PORT = 53;

/** The words in which the families differ. */
export const FAMILY_WORDS = {
  4: { nft: "ip", type: "ipv4_addr", loopback: "127.0.0.1" },
  6: { nft: "ip6", type: "ipv6_addr", loopback: "[::1]" },
} as const;

/** The table of one family, as nftables names it. */
export const tableOf = (family: Family): string =>
  `${FAMILY_WORDS[family].nft} ${NODE_TABLE}`;

/** Sets the bits of {@link ROUTE_MASK} in a packet's or a connection's mark. */
export const setMark = (of: "meta" | "ct", mark: number): string =>
  `${of} mark set ${of} mark & ${hex(~ROUTE_MASK >>> 0)} | ${hex(mark)}`;

/** Sends a packet the way of {@link TO_PROXY_MARK}. */
export const TO_PROXY = `${setMark("meta", TO_PROXY_MARK)} accept`;

export function setBlock(
  name: string,
  type: string,
  items: readonly string[],
): Block {
  const lines = [`type ${type}`, elements([...new Set(items)])];
  return { head: `set ${name}`, lines };
}

/** The addresses of enrolled pods. */
export const podsSet = (
  family: Family,
  addresses: readonly CapturedAddress[],
): Block =>
  setBlock("pods", FAMILY_WORDS[family].type, addresses.map(({ ip }) => ip));

/** The set of those of them whose queries of DNS go to the proxy too. */
export const DNS_PODS = "dns-pods";

export const dnsPodsSet = (
  family: Family,
  addresses: readonly CapturedAddress[],
): Block => {
  const { type } = FAMILY_WORDS[family];
  const asking = addresses.filter(({ dns }) => dns === true);
  return setBlock(DNS_PODS, type, asking.map(({ ip }) => ip));
};

/** A packet by which somebody asks a DNS server, by UDP or TCP. */
export const QUERY = `meta l4proto { tcp, udp } th dport ${DNS_PORT}`;

/** The same, of one of {@link DNS_PODS}. */
export const podQuery = (family: Family): string =>
  `${FAMILY_WORDS[family].nft} saddr @${DNS_PODS} ${QUERY}`;

export const baseChain = (
  name: string,
  hook: string,
  rules: readonly string[],
): Block => ({
  head: `chain ${name}`,
  lines: [`type ${hook}; policy accept;`, ...rules],
});
