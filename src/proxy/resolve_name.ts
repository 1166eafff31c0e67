import { lookup } from "node:dns/promises";
import { type Ip, parseIp } from "../model/address.ts";
import { RESOLVE_WAIT_MS } from "./limits.ts";

/**
 * All addresses of a name; undefined when it could not be looked up, or not in
 * time.
 *
 * @param ask Asks the system's resolver.
 */
export async function resolveName(
  hostname: string,
  ask: (hostname: string) => Promise<readonly string[]> = askSystem,
  waitMs = RESOLVE_WAIT_MS,
): Promise<Ip[] | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), waitMs);
  try {
    const found = await Promise.race([ask(hostname), late.promise]);
    return found?.map(parseIp).filter((ip) => ip !== undefined);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

async function askSystem(hostname: string): Promise<readonly string[]> {
  const found = await lookup(hostname, { all: true });
  return found.map(({ address }) => address);
}
