/** What the kernel tells of changes that may be of a node's redirection. */
import { ipToBytes } from "../../model/address.ts";
import type { Ip } from "../../model/address.ts";
import type { NetlinkMessage } from "../../sys/netlink.ts";
import type { NetlinkTopic } from "../../sys/netlink_events.ts";
import { DEVICE, DEVICE_ENDS, NODE_TABLE, ROUTE_TABLE } from "./names.ts";

const NETLINK_ROUTE = 0;
const NETLINK_NETFILTER = 12;

const RTNLGRP_LINK = 1;
const RTNLGRP_IPV4_IFADDR = 5;
const RTNLGRP_IPV4_ROUTE = 7;
const RTNLGRP_IPV4_RULE = 8;
const RTNLGRP_IPV6_IFADDR = 9;
const RTNLGRP_IPV6_ROUTE = 11;
const RTNLGRP_IPV6_RULE = 19;
const NFNLGRP_NFTABLES = 7;

const RTM_NEWRULE = 32;
const RTM_DELRULE = 33;

const bits = (...groups: readonly number[]): number =>
  groups.reduce((all, group) => all | 1 << (group - 1), 0);

/** Links, addresses, routes and rules of routing; tables of nftables. */
export const RULE_TOPICS: readonly NetlinkTopic[] = [
  {
    protocol: NETLINK_ROUTE,
    groups: bits(
      RTNLGRP_LINK,
      ...[RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV4_RULE],
      ...[RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV6_RULE],
    ),
  },
  { protocol: NETLINK_NETFILTER, groups: bits(NFNLGRP_NFTABLES) },
];

/** One of these is in every message about a thing of a node's redirection. */
const SIGNS: readonly Uint8Array[] = [
  new TextEncoder().encode(`${NODE_TABLE}\0`),
  new TextEncoder().encode(`${DEVICE}\0`),
  new Uint8Array(Uint32Array.of(Number(ROUTE_TABLE)).buffer),
  ...Object.values(DEVICE_ENDS).map(({ node }) => ipToBytes(node as Ip)),
];

/**
 * Whether a change may be one of a node's redirection. What is told of another
 * thing that looks like it costs no more than a look at the rules.
 */
export const mayConcernNode = ({ type, payload }: NetlinkMessage): boolean =>
  type === RTM_NEWRULE || type === RTM_DELRULE ||
  SIGNS.some((sign) => contains(payload, sign));

function contains(octets: Uint8Array, part: Uint8Array): boolean {
  const [first = 0] = part;
  let at = octets.indexOf(first);
  while (at !== -1 && at + part.length <= octets.length) {
    const start = at;
    if (part.every((octet, i) => octets[start + i] === octet)) return true;
    at = octets.indexOf(first, at + 1);
  }
  return false;
}
