import { type Ip, isIpv6 } from "../model/address.ts";
import type { Service } from "../model/service.ts";
import type { Workload } from "../model/workload.ts";

/** Where a workload is dialled: at an address, or at a name to resolve first. */
export type NextHop =
  | { readonly kind: "ip"; readonly ip: Ip }
  | { readonly kind: "hostname"; readonly hostname: string };

/**
 * Chooses among a workload's addresses.
 *
 * @param near What was called: taken itself where the workload has it, else its family is preferred.
 * @param families The restriction of the service that the workload was chosen from.
 * @returns undefined when the workload has neither a permitted address nor a hostname.
 */
export function nextHopOf(
  workload: Workload,
  near: Ip,
  families: Service["ipFamilies"],
): NextHop | undefined {
  if (workload.ips.includes(near)) return { kind: "ip", ip: near };
  const permitted = workload.ips.filter((ip) => isPermitted(ip, families));
  const ip = permitted.find((ip) => isIpv6(ip) === isIpv6(near)) ??
    permitted[0];
  if (ip !== undefined) return { kind: "ip", ip };
  if (workload.hostname === "") return undefined;
  return { kind: "hostname", hostname: workload.hostname };
}

/**
 * Chooses among what a name resolved to: any address of the family of `near`,
 * else any other.
 */
export function pickResolved(
  resolved: readonly Ip[],
  near: Ip,
  random: () => number,
): Ip | undefined {
  const alike = resolved.filter((ip) => isIpv6(ip) === isIpv6(near));
  const choice = alike.length > 0 ? alike : resolved;
  return choice[Math.floor(random() * choice.length)];
}

function isPermitted(ip: Ip, families: Service["ipFamilies"]): boolean {
  if (families === "IPv4") return !isIpv6(ip);
  if (families === "IPv6") return isIpv6(ip);
  return true;
}
