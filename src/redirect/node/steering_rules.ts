/**
 * The rules by which a node sends its enrolled pods' TCP through a device to the
 * proxy's own namespace, for kernels and network plugins that let nobody into a
 * pod's namespace. What the proxy does with it: proxy_rules.ts.
 *
 * What a packet meets, in this order:
 *
 * - From the proxy: it goes where its destination is, a pod or the world.
 * - From a pod (`leaving`): its source address must be where the pod is. What a
 *   socket of the node itself awaits, such as the answer to a kubelet's probe,
 *   goes there; all else to the proxy.
 * - To a pod, from anywhere but this node's own processes: to the proxy. That is
 *   also the way of the answers to the proxy's own connections, which show the
 *   pod's address, and of what routers have to say of them.
 *
 * Queries of DNS, by UDP or TCP to port 53, take the same way, also those for
 * the node itself. As the kernel asks for the node's own addresses before all
 * rules of routing, these are sent to the device's far end by name, and the
 * answer is translated back. Nothing else by UDP is touched. The proxy passes
 * queries on in the node's own name, which no rule here has to do with.
 *
 * Why a pod is known by its address, and by nothing that a peer says:
 *
 * - Where the node knows the pod's interface, the pod's address is taken from
 *   that one alone (`homes`), and that one sends nothing in the name of another
 *   enrolled pod (`pod-links`). Where it does not, the address must come in by
 *   the interface that the node would answer by. On a bridge the same is decided
 *   by port, before the bridge: see bridge_rules.ts.
 * - So an enrolled pod's address on the device is that pod's, or the proxy's
 *   doing. The proxy's namespace has no other device.
 * - A pod cannot set a mark on what it sends: marks end at its namespace.
 *
 * Why nothing gets past it: TCP from or to an enrolled pod is forwarded by the
 * device and not otherwise (`forward`), whatever became of marks and routes. A
 * proxy that is gone has taken the device along, and its pods are closed.
 *
 * What pods send is not tracked here: kube-proxy must not translate a service's
 * address before the proxy has seen it, nobody is to masquerade its source, and
 * the connection that the proxy makes may have the very ports of the pod's own.
 */
import type { Family } from "../plan.ts";
import type { CapturedAddress } from "./captured_pod.ts";
import {
  CAPTURE_PRIORITY,
  DEVICE,
  DEVICE_ENDS,
  FROM_PROXY_MARK,
  QUERY_DESTINATION_PRIORITY,
  QUERY_SOURCE_PRIORITY,
  ROUTE_MASK,
  TO_PROXY_MARK,
} from "./names.ts";
import { type Block, hex, replaceTable } from "./nft_text.ts";
import {
  baseChain,
  DNS_PODS,
  DNS_PORT,
  dnsPodsSet,
  FAMILY_WORDS,
  podQuery,
  podsSet,
  setBlock,
  setMark,
  tableOf,
  TO_PROXY,
} from "./nft_words.ts";

/** @param addresses Of that family. */
export const steeringRules = (
  family: Family,
  addresses: readonly CapturedAddress[],
): string =>
  replaceTable(tableOf(family), [
    podsSet(family, addresses),
    dnsPodsSet(family, addresses),
    ...placeSets(family, addresses),
    ...trackingChains(family),
    ...localQueryChains(family),
    ...steeringChains(family),
    ...guardChains(family),
  ]);

function placeSets(
  family: Family,
  addresses: readonly CapturedAddress[],
): readonly Block[] {
  const { type } = FAMILY_WORDS[family];
  const homes = addresses.flatMap(({ ip, link, bridge }) =>
    link === undefined ? [] : [{ ip, link, shared: bridge !== undefined }]
  );
  return [
    setBlock("pinned", type, homes.map(({ ip }) => ip)),
    setBlock(
      "homes",
      `${type} . ifname`,
      homes.map(({ ip, link }) => `${ip} . "${link}"`),
    ),
    setBlock(
      "pod-links",
      "ifname",
      homes.filter(({ shared }) => !shared).map(({ link }) => `"${link}"`),
    ),
  ];
}

function trackingChains(family: Family): readonly Block[] {
  const { nft } = FAMILY_WORDS[family];
  const { proxy } = DEVICE_ENDS[family];
  const asked = `iifname != "${DEVICE}" ${podQuery(family)}`;
  return [
    baseChain("tracking", "filter hook prerouting priority raw", [
      `${asked} fib daddr type != local notrack accept`,
      `${asked} accept`,
      `${answer(family)} ${nft} saddr ${proxy} accept`,
      `${answer(family)} notrack accept`,
      "meta l4proto != tcp accept",
      `iifname "${DEVICE}" ${nft} daddr @pods notrack`,
      `iifname "${DEVICE}" accept`,
      `${nft} saddr @pods fib daddr type != local notrack`,
    ]),
  ];
}

/** What the proxy tells a pod that asked for a name. */
const answer = (family: Family): string =>
  `iifname "${DEVICE}" meta l4proto { tcp, udp } th sport ${DNS_PORT} ` +
  `${FAMILY_WORDS[family].nft} daddr @${DNS_PODS}`;

/** Queries for the node itself; the proxy is to see who asks, whoever masquerades. */
function localQueryChains(family: Family): readonly Block[] {
  const { nft } = FAMILY_WORDS[family];
  const { proxy } = DEVICE_ENDS[family];
  const destination = QUERY_DESTINATION_PRIORITY;
  const source = QUERY_SOURCE_PRIORITY;
  return [
    baseChain("queries", `nat hook prerouting priority ${destination}`, [
      `iifname != "${DEVICE}" ${podQuery(family)} ` +
      `fib daddr type local dnat to ${proxy}`,
    ]),
    baseChain("queriers", `nat hook postrouting priority ${source}`, [
      `oifname "${DEVICE}" ${podQuery(family)} snat to ${nft} saddr`,
    ]),
  ];
}

function steeringChains(family: Family): readonly Block[] {
  const { nft } = FAMILY_WORDS[family];
  const hook = `filter hook prerouting priority ${CAPTURE_PRIORITY}`;
  return [
    {
      head: "chain outbound",
      lines: ["fib daddr type local socket transparent 0 accept", TO_PROXY],
    },
    { head: "chain leaving", lines: fromItsPlace(family, "goto outbound") },
    { head: "chain asking", lines: fromItsPlace(family, TO_PROXY) },
    baseChain("steering", hook, [
      `${nft} daddr @pods ${NOTICE[family]} ${TO_PROXY}`,
      `${answer(family)} ${setMark("meta", FROM_PROXY_MARK)} accept`,
      `iifname != "${DEVICE}" ${podQuery(family)} goto asking`,
      "meta l4proto != tcp accept",
      `iifname "${DEVICE}" ${setMark("meta", FROM_PROXY_MARK)}`,
      `iifname "${DEVICE}" fib daddr type local ${KEEP} accept`,
      `iifname { "lo", "${DEVICE}" } accept`,
      `${nft} saddr @pods goto leaving`,
      `${nft} daddr @pods ${TO_PROXY}`,
    ]),
  ];
}

/** What a pod sends, if it is where its source address is. */
const fromItsPlace = (family: Family, then: string): readonly string[] => {
  const { nft } = FAMILY_WORDS[family];
  return [
    `${nft} saddr . iifname @homes ${then}`,
    `${nft} saddr @pinned counter drop`,
    "iifname @pod-links counter drop",
    "fib saddr . iif oif missing counter drop",
    then,
  ];
};

/**
 * Of a TCP connection that is tracked here, so not the pod's own but one that
 * the proxy has in its name: it is the proxy that sends smaller packets then.
 */
const NOTICE = {
  4: "icmp type destination-unreachable ct original protocol tcp",
  6: "icmpv6 type { destination-unreachable, packet-too-big } " +
    "ct original protocol tcp",
} as const;

/** Has the answers of this node's own processes go back to the proxy. */
const KEEP = setMark("ct", TO_PROXY_MARK);

function guardChains(family: Family): readonly Block[] {
  const { nft } = FAMILY_WORDS[family];
  const kept = `ct mark & ${hex(ROUTE_MASK)} == ${hex(TO_PROXY_MARK)}`;
  const refuse = "counter reject with tcp reset";
  return [
    baseChain("forward", "filter hook forward priority filter", [
      `iifname "${DEVICE}" accept`,
      `oifname "${DEVICE}" accept`,
      `${podQuery(family)} meta l4proto udp counter reject`,
      "meta l4proto != tcp accept",
      `${nft} saddr @pods ${refuse}`,
      `${nft} daddr @pods ${refuse}`,
    ]),
    baseChain("output", "route hook output priority mangle", [
      `${nft} daddr @pods ${NOTICE[family]} ${TO_PROXY}`,
      `meta l4proto tcp ct direction reply ${kept} ${TO_PROXY}`,
    ]),
  ];
}
