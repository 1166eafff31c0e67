/**
 * The rules in the proxy's own namespace: which listener takes what the node
 * sends there, or the proxy sends to itself.
 *
 * - What a connection of the proxy awaits goes to that one's socket.
 * - From an enrolled pod: to the outbound listener.
 * - To an enrolled pod: to the two inbound ones.
 * - A query of DNS from an enrolled pod: to the DNS server, whoever is asked.
 * - What the proxy opens on behalf of one pod to another of this node, in a
 *   tunnel or not, is turned round (`output`) and so enters that pod like
 *   everybody else's. A delivery alone goes straight to the pod, and what
 *   answers a pod in the name of whom it called.
 *
 * Without a listener, or of no enrolled pod: refused. Listeners see both
 * addresses as pod and peer chose them, for nothing translates them.
 */
import type { Family } from "../plan.ts";
import type { CapturedAddress } from "./captured_pod.ts";
import {
  CAPTURE_PRIORITY,
  DEVICE,
  DEVICE_ENDS,
  NODE_PORTS,
  SOCKET_MARKS,
  SOCKET_MASK,
} from "./names.ts";
import { hex, replaceTable } from "./nft_text.ts";
import {
  baseChain,
  dnsPodsSet,
  FAMILY_WORDS,
  podQuery,
  podsSet,
  tableOf,
  TO_PROXY,
} from "./nft_words.ts";

/** @param addresses Of that family. */
export function proxyRules(
  family: Family,
  addresses: readonly CapturedAddress[],
): string {
  const { nft } = FAMILY_WORDS[family];
  const hook = `filter hook prerouting priority ${CAPTURE_PRIORITY}`;
  return replaceTable(tableOf(family), [
    podsSet(family, addresses),
    dnsPodsSet(family, addresses),
    { head: "chain inbound", lines: inboundRules(family) },
    { head: "chain outbound", lines: outboundRules(family) },
    { head: "chain asking", lines: askingRules(family) },
    baseChain("capture", hook, [
      `iifname "${DEVICE}" ${podQuery(family)} goto asking`,
      "meta l4proto != tcp accept",
      // A first packet is no connection's, even if one of its name just ended.
      "tcp flags & (syn | ack) != syn socket transparent 1 accept",
      // A pod that calls itself cannot be shown its own address.
      `${nft} daddr ${DEVICE_ENDS[family].proxy} accept`,
      `iifname "lo" ${nft} daddr @pods goto inbound`,
      'iifname "lo" accept',
      `${nft} saddr @pods goto outbound`,
      `${nft} daddr @pods goto inbound`,
      REFUSE,
    ]),
    baseChain("output", "route hook output priority mangle", [
      "meta l4proto != tcp accept",
      `${sentBy("dial")} ${nft} daddr @pods ${TO_PROXY}`,
      `${sentBy("inbound")} ${nft} daddr @pods ${TO_PROXY}`,
    ]),
  ]);
}

const sentBy = (socket: keyof typeof SOCKET_MARKS): string =>
  `meta mark & ${hex(SOCKET_MASK)} == ${hex(SOCKET_MARKS[socket])}`;

const REFUSE = "meta l4proto tcp counter reject with tcp reset";

function outboundRules(family: Family): readonly string[] {
  const { loopback } = FAMILY_WORDS[family];
  const { outbound } = NODE_PORTS;
  return [`meta l4proto tcp tproxy to ${loopback}:${outbound} accept`, REFUSE];
}

/** Of a connection that is accepted, its own socket is found. */
function askingRules(family: Family): readonly string[] {
  const { loopback } = FAMILY_WORDS[family];
  const { dns } = NODE_PORTS;
  return [
    "tcp flags & (syn | ack) != syn socket transparent 1 accept",
    `meta l4proto { tcp, udp } tproxy to ${loopback}:${dns} accept`,
    REFUSE,
    "meta l4proto udp counter reject",
  ];
}

function inboundRules(family: Family): readonly string[] {
  const { loopback } = FAMILY_WORDS[family];
  const { tunnel, inbound } = NODE_PORTS;
  return [
    `tcp dport ${tunnel} tproxy to ${loopback}:${tunnel} accept`,
    `tcp dport != ${tunnel} tproxy to ${loopback}:${inbound} accept`,
    REFUSE,
  ];
}
