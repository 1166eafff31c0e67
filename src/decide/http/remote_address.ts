import { type Ip, parseIp } from "../../model/address.ts";
import type { HeaderList } from "../../model/http.ts";
import { headerValue } from "./header_list.ts";

/**
 * The client behind proxies that are trusted to name their own peers in
 * `x-forwarded-for`. Without trusted proxies the header counts for nothing,
 * and neither does it when it names fewer peers than there are proxies.
 *
 * @param trustedProxies How many, counted from the peer on.
 */
export function remoteAddress(
  headers: HeaderList,
  peer: Ip,
  trustedProxies: number,
): Ip {
  if (trustedProxies === 0) return peer;
  const named = (headerValue(headers, "x-forwarded-for") ?? "").split(",");
  return parseIp(named.at(-trustedProxies)?.trim() ?? "") ?? peer;
}
