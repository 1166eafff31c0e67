/** The addresses that the plugins before gave to a pod. */
import { parseIp } from "../../model/address.ts";
import { isObject, type JsonObject } from "./json.ts";
import { POD_ADDRESSES_MAX } from "./limits.ts";

export interface ResultAddress {
  /** Without its prefix. */
  readonly ip: string;
  readonly prefix: number;
  readonly gateway: string | undefined;
  /** Which of the result's interfaces has it. */
  readonly interfaceIndex: number | undefined;
}

/** What cannot be read is left out: it was made for others. */
export function addressesOf(
  prevResult: JsonObject | undefined,
): readonly ResultAddress[] {
  const ips = prevResult?.ips;
  if (!Array.isArray(ips)) return [];
  return ips.slice(0, POD_ADDRESSES_MAX).flatMap(readAddress);
}

function readAddress(entry: unknown): ResultAddress[] {
  if (!isObject(entry) || typeof entry.address !== "string") return [];
  const [ip = "", prefix = "", ...more] = entry.address.split("/");
  const length = ip.includes(":") ? 128 : 32;
  const isPrefix = /^\d{1,3}$/.test(prefix) && Number(prefix) <= length;
  if (parseIp(ip) === undefined || !isPrefix || more.length > 0) return [];
  const { gateway, interface: index } = entry;
  return [{
    ip,
    prefix: Number(prefix),
    gateway: typeof gateway === "string" ? gateway : undefined,
    interfaceIndex: typeof index === "number" ? index : undefined,
  }];
}
