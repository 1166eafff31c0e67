import { type Cidr, type Ip, ipToBytes, isIpv6 } from "./address.ts";
import { MultiMap } from "./multi_map.ts";

/**
 * Values by network and address range. A lookup costs one map access for each
 * prefix length in use, not for each range.
 */
export class CidrIndex<Value> {
  readonly #networks = new Map<string, PrefixTables<Value>>();

  add(network: string, cidr: Cidr, value: Value): void {
    let tables = this.#networks.get(network);
    if (tables === undefined) {
      tables = { ipv4: new PrefixTable(), ipv6: new PrefixTable() };
      this.#networks.set(network, tables);
    }
    tableFor(tables, cidr.ip).add(cidr, value);
  }

  delete(network: string, cidr: Cidr, value: Value): void {
    const tables = this.#networks.get(network);
    if (tables === undefined) return;
    tableFor(tables, cidr.ip).delete(cidr, value);
    if (tables.ipv4.isEmpty && tables.ipv6.isEmpty) {
      this.#networks.delete(network);
    }
  }

  /** The values of each range that contains `ip`: longest prefix first, never across families. */
  containing(network: string, ip: Ip): Iterable<readonly Value[]> {
    const tables = this.#networks.get(network);
    return tables === undefined ? NONE : tableFor(tables, ip).containing(ip);
  }
}

const NONE: readonly never[] = [];

interface PrefixTables<Value> {
  readonly ipv4: PrefixTable<Value>;
  readonly ipv6: PrefixTable<Value>;
}

const tableFor = <Value>(tables: PrefixTables<Value>, ip: Ip) =>
  isIpv6(ip) ? tables.ipv6 : tables.ipv4;

/** The ranges of one network and one address family. */
class PrefixTable<Value> {
  readonly #byLength = new Map<number, MultiMap<string, Value>>();
  /** Prefix lengths in use, longest first. */
  #lengths: number[] = [];

  get isEmpty(): boolean {
    return this.#byLength.size === 0;
  }

  add(cidr: Cidr, value: Value): void {
    let prefixes = this.#byLength.get(cidr.length);
    if (prefixes === undefined) {
      prefixes = new MultiMap();
      this.#byLength.set(cidr.length, prefixes);
      this.#sortLengths();
    }
    prefixes.add(prefixOf(ipToBytes(cidr.ip), cidr.length), value);
  }

  delete(cidr: Cidr, value: Value): void {
    const prefixes = this.#byLength.get(cidr.length);
    if (prefixes === undefined) return;
    prefixes.delete(prefixOf(ipToBytes(cidr.ip), cidr.length), value);
    if (prefixes.size > 0) return;
    this.#byLength.delete(cidr.length);
    this.#sortLengths();
  }

  *containing(ip: Ip): Generator<readonly Value[]> {
    if (this.isEmpty) return;
    const bytes = ipToBytes(ip);
    for (const length of this.#lengths) {
      const values = this.#byLength.get(length)!.get(prefixOf(bytes, length));
      if (values.length > 0) yield values;
    }
  }

  #sortLengths(): void {
    this.#lengths = [...this.#byLength.keys()].sort((a, b) => b - a);
  }
}

/** The first `length` bits as a map key; the same for every address in the range. */
function prefixOf(bytes: Uint8Array, length: number): string {
  const whole = length >> 3;
  const text = String.fromCharCode(...bytes.subarray(0, whole));
  const rest = length & 7;
  if (rest === 0) return text;
  return text + String.fromCharCode(bytes[whole]! & (0xff00 >> rest) & 0xff);
}
