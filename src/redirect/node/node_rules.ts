import { closeFd, dupFd, type Fd } from "../../sys/libc.ts";
import { newNetns, openOwnNetns } from "../../sys/new_netns.ts";
import type { Family } from "../plan.ts";
import { BRIDGE_TABLE, bridgeRules } from "./bridge_rules.ts";
import { type CapturedAddress, ofFamily } from "./captured_pod.ts";
import { tableOf } from "./nft_words.ts";
import {
  applyDevice,
  isReplaced,
  newProxyNetns,
  takenOver,
  verifyDevice,
} from "./node_device.ts";
import type { Sides } from "./device_routing.ts";
import { nodeFamilies, readTables, removeNodeSide } from "./node_side.ts";
import { proxyRules } from "./proxy_rules.ts";
import { runNft } from "./run_nft.ts";
import { steeringRules } from "./steering_rules.ts";

type Side = keyof Sides;

/**
 * All that leads enrolled pods' TCP to the proxy without entering a pod: the
 * proxy's own namespace, the device to it, and the rules on both sides.
 * Everything is in tables of its own: nobody else's rules are looked at.
 *
 * The namespace lasts as long as this process has it open. When it goes, the
 * device goes, and the node's rules refuse what they would have sent there.
 */
export class NodeRules implements Disposable {
  readonly #families: readonly Family[];
  readonly #sides: Sides;
  /** Shows what nftables makes of a script where nobody else changes it meanwhile. */
  readonly #model = newNetns();
  /** Scripts and what nftables makes of them. */
  #written: Readonly<Record<Side, Written>> | undefined;
  /** Whether the node was this process's before: it is not taken from another then. */
  #applied = false;

  /**
   * @param options Of them `node` is the node's namespace, which belongs to
   * these rules from here on. Default: the one that this process runs in.
   * @throws {HairpinError} when a namespace cannot be made.
   */
  constructor({ ipv6, node = openOwnNetns() }: {
    readonly ipv6: boolean;
    readonly node?: Fd;
  }) {
    this.#families = nodeFamilies(ipv6);
    this.#sides = { node, proxy: newProxyNetns() };
  }

  /** The namespace in which pods are captured; open as long as this is. */
  get node(): Fd {
    return this.#sides.node;
  }

  /** The proxy's namespace. The caller closes the descriptor. */
  openProxyNetns(): Fd {
    return dupFd(this.#sides.proxy);
  }

  /**
   * Makes these addresses be the captured ones, at once for all of them. Rules
   * that are in force as planned are left alone. The proxy's side comes first: a
   * packet that it does not know of is refused there. A process that comes later
   * takes the node over, and one that has lost it waits for the other's end.
   *
   * @returns what somebody else had changed since they were applied last.
   * @throws {RedirectError} when it cannot be done; the rules are then as they
   * were, or those of the proxy's side alone are new.
   */
  async apply(addresses: readonly CapturedAddress[]): Promise<string[]> {
    if (await this.#isTakenOver()) throw takenOver();
    const changed = await this.verify();
    if (changed.length > 0) this.#written = undefined;
    await applyDevice(this.#sides, this.#families, !this.#applied);
    this.#applied = true;
    const proxy = await this.#write("proxy", this.#proxyScript(addresses));
    const node = await this.#write("node", this.#nodeScript(addresses));
    this.#written = { node, proxy };
    return changed;
  }

  /**
   * What differs from what was last applied, one line each; empty when nothing
   * does, or nothing was applied.
   *
   * @throws {RedirectError} when it cannot be read.
   */
  async verify(): Promise<string[]> {
    if (this.#written === undefined) return [];
    const differences = await verifyDevice(this.#sides, this.#families);
    for (const side of ["node", "proxy"] as const) {
      if (await this.#show(side) !== this.#written[side].shown) {
        differences.push(`nftables, ${side}: the tables were changed`);
      }
    }
    return differences;
  }

  /** Takes the node's part away, unless it is another process's. @throws {RedirectError} */
  async remove(): Promise<void> {
    if (await this.#isTakenOver()) return;
    this.#written = undefined;
    this.#applied = false;
    await removeNodeSide(this.#sides.node, this.#families);
  }

  /** Lets go of both namespaces; sockets in the proxy's keep it for themselves. */
  [Symbol.dispose](): void {
    closeFd(this.#sides.node);
    closeFd(this.#sides.proxy);
    closeFd(this.#model);
  }

  async #isTakenOver(): Promise<boolean> {
    return this.#applied && await isReplaced(this.#sides);
  }

  /** One transaction. */
  async #write(side: Side, script: string): Promise<Written> {
    const known = this.#written?.[side];
    if (known?.script === script) return known;
    await runNft(this.#model, ["-f", "-"], { input: script });
    const shown = await this.#show(side, this.#model);
    await runNft(this.#sides[side], ["-f", "-"], { input: script });
    return { script, shown };
  }

  #nodeScript(addresses: readonly CapturedAddress[]): string {
    const families = this.#families.map((family) =>
      steeringRules(family, ofFamily(addresses, family))
    );
    return [...families, bridgeRules(addresses)].join("");
  }

  #proxyScript(addresses: readonly CapturedAddress[]): string {
    return this.#families.map((family) =>
      proxyRules(family, ofFamily(addresses, family))
    ).join("");
  }

  async #show(side: Side, at = this.#sides[side]): Promise<string> {
    const tables = this.#families.map(tableOf);
    const all = side === "node" ? [...tables, BRIDGE_TABLE] : tables;
    return (await readTables(at, all)).join("");
  }
}

interface Written {
  readonly script: string;
  readonly shown: string;
}
