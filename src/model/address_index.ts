import type { Ip } from "./address.ts";
import { MultiMap } from "./multi_map.ts";

/**
 * Values by network and exact address. Two levels of maps, so that a lookup
 * builds no key. The empty string is a network like any other.
 */
export class AddressIndex<Value> {
  readonly #networks = new Map<string, MultiMap<Ip, Value>>();

  /** The values at that address, oldest first. */
  get(network: string, ip: Ip): readonly Value[] {
    return this.#networks.get(network)?.get(ip) ?? NONE;
  }

  add(network: string, ip: Ip, value: Value): void {
    let addresses = this.#networks.get(network);
    if (addresses === undefined) {
      addresses = new MultiMap();
      this.#networks.set(network, addresses);
    }
    addresses.add(ip, value);
  }

  delete(network: string, ip: Ip, value: Value): void {
    const addresses = this.#networks.get(network);
    addresses?.delete(ip, value);
    if (addresses?.size === 0) this.#networks.delete(network);
  }
}

const NONE: readonly never[] = [];
