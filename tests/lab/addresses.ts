/** Where the parts of a lab live. Labs never meet, so all of them use the same plan. */

export interface NodeAddresses {
  /** On the link between the nodes. */
  readonly underlay: readonly [v4: string, v6: string];
  /** The node's own address on its bridge: its pods' default route. */
  readonly gateway: readonly [v4: string, v6: string];
  /** The node's pods, as prefixes. */
  readonly podRange: readonly [v4: string, v6: string];
}

/** Addresses of the node with that number, from 1. */
export function nodeAddresses(number: number): NodeAddresses {
  return {
    underlay: [`192.168.77.${number}`, `fd78::${hex(number)}`],
    gateway: [`10.77.${number}.1`, `fd77:${hex(number)}::1`],
    podRange: [`10.77.${number}.0/24`, `fd77:${hex(number)}::/64`],
  };
}

/** Addresses of the pod with that ordinal (from 0) on that node. */
export function podAddresses(
  node: number,
  ordinal: number,
): readonly [v4: string, v6: string] {
  const host = 10 + ordinal;
  return [`10.77.${node}.${host}`, `fd77:${hex(node)}::${hex(host)}`];
}

/** Cluster IPs of the service with that ordinal, from 0. Nothing routes them. */
export function serviceAddresses(
  ordinal: number,
): readonly [v4: string, v6: string] {
  const host = 10 + ordinal;
  return [`10.96.0.${host}`, `fd96::${hex(host)}`];
}

/** The client outside the mesh, on the link between the nodes. */
export const OUTSIDER_ADDRESSES = ["192.168.77.100", "fd78::64"] as const;

/** Prefix lengths of the addresses above, IPv4 and IPv6. */
export const PREFIX_LENGTHS = [24, 64] as const;

function hex(number: number): string {
  return number.toString(16);
}
