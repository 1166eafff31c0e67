import { messageOf } from "../../base/errors.ts";
import { runIp } from "../programs.ts";
import { type CapturedAddress, familyOf } from "./captured_pod.ts";
import { jsonRows } from "./json_rows.ts";
import { type NodeTables, placeOf, type WantedAddress } from "./places.ts";

export interface FoundPlaces {
  readonly found: readonly CapturedAddress[];
  /** Addresses that are captured although nothing binds them to one pod. */
  readonly warnings: readonly string[];
}

/** Where the addresses are now; one whose place cannot be had is without. */
export async function findPlaces(
  wanted: readonly WantedAddress[],
): Promise<FoundPlaces> {
  if (wanted.length === 0) return { found: [], warnings: [] };
  const tables = await readTables();
  const found: CapturedAddress[] = [];
  const warnings: string[] = [];
  for (const address of wanted) {
    const route = await routeTo(address);
    const place = placeOf(address, route.row, tables);
    found.push({ ...place, dns: address.dns ?? false });
    const why = route.failure ?? whyLoose(place);
    if (why !== undefined) {
      warnings.push(`Cannot bind ${address.ip} to one interface: ${why}`);
    }
  }
  return { found, warnings };
}

function whyLoose({ link, bridge }: CapturedAddress): string | undefined {
  if (link === undefined) return "no interface of this node leads to it";
  if (bridge === undefined || bridge.port !== undefined) return undefined;
  return `its port of bridge "${link}" is not known`;
}

async function readTables(): Promise<NodeTables> {
  const links = await runIp(4, undefined, ["-json", "-details", "link"]);
  const netnses = await runIp(4, undefined, ["-json", "netns", "list-id"]);
  return { links: jsonRows(links), netnses: jsonRows(netnses) };
}

async function routeTo({ ip }: WantedAddress): Promise<{
  readonly row?: Record<string, unknown>;
  readonly failure?: string;
}> {
  const args = ["-json", "route", "get", ip];
  try {
    const [row] = jsonRows(await runIp(familyOf(ip), undefined, args));
    return row === undefined ? {} : { row };
  } catch (reason) {
    return { failure: messageOf(reason) };
  }
}
