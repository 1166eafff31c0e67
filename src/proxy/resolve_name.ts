import { lookup } from "node:dns/promises";
import { type Ip, parseIp } from "../model/address.ts";

/** All addresses of a name; undefined when it could not be looked up. */
export async function resolveName(hostname: string): Promise<Ip[] | undefined> {
  try {
    const found = await lookup(hostname, { all: true });
    return found.map(({ address }) => parseIp(address))
      .filter((ip) => ip !== undefined);
  } catch {
    return undefined;
  }
}
