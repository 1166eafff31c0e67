import type { Ip } from "../../model/address.ts";
import type { Family } from "../plan.ts";

/** One address of an enrolled pod, and what the node knows of where it is. */
export interface CapturedAddress {
  readonly ip: Ip;
  /** The interface by which the node routes to it; undefined: not known. */
  readonly link?: string;
  /** Set when that interface is a bridge. */
  readonly bridge?: CapturedBridge;
  /** Whether its queries of DNS go to the proxy too. Default false. */
  readonly dns?: boolean;
}

/** The bridge that joins a pod with others, past the node's routing. */
export interface CapturedBridge {
  /** The bridge's own MAC address, by which frames reach the node itself. */
  readonly mac: string;
  /** The pod's port of it; undefined: not known. */
  readonly port?: string;
}

export const familyOf = (ip: Ip): Family => ip.includes(":") ? 6 : 4;

/** Of both families, in the order of their text. */
export const ofFamily = (
  addresses: readonly CapturedAddress[],
  family: Family,
): readonly CapturedAddress[] =>
  addresses.filter(({ ip }) => familyOf(ip) === family)
    .toSorted((a, b) => a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : 0);
