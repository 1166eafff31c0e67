import type { Ip } from "../model/address.ts";
import type { Iptables } from "./binary.ts";
import { RedirectError } from "./errors.ts";
import { type HostOwner, hostRulesText, ofFamily } from "./host_plan.ts";
import { HOST_RULES_ATTEMPTS_MAX } from "./limits.ts";
import type { Family } from "./plan.ts";
import { type Netns, readRules, writeRules } from "./programs.ts";

export interface HostRulesOptions {
  /** The node's namespace; undefined: the one of this process. */
  readonly netns: Netns;
  readonly iptables: Iptables;
  /** Whether there are rules for IPv6 too. */
  readonly ipv6: boolean;
  readonly owner: HostOwner;
}

/**
 * The probe rules of one owner on one node. Others, also other processes, may
 * have theirs in the same chain; it goes with the last rule in it.
 */
export class HostRules {
  readonly #options: HostRulesOptions;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: HostRulesOptions) {
    this.#options = options;
  }

  /**
   * Makes the rules be those of these pod addresses, whatever was there before,
   * so that a start after a crash mends what it left.
   *
   * @throws {RedirectError} when they cannot be written.
   */
  sync(ips: readonly Ip[]): Promise<void> {
    const families: Family[] = this.#options.ipv6 ? [4, 6] : [4];
    const turn = this.#turn.then(async () => {
      for (const family of families) await this.#syncFamily(family, ips);
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Takes the owner's rules away. */
  remove(): Promise<void> {
    return this.sync([]);
  }

  /** What another process changes between reading and writing fails the writing. */
  async #syncFamily(family: Family, ips: readonly Ip[]): Promise<void> {
    const { iptables, netns } = this.#options;
    let failure: unknown;
    for (let attempt = 0; attempt < HOST_RULES_ATTEMPTS_MAX; attempt++) {
      const text = await this.#missing(family, ips);
      if (text === "") return;
      try {
        await writeRules(iptables, family, netns, text);
      } catch (reason) {
        failure = reason;
      }
    }
    if (await this.#missing(family, ips) === "") return;
    throw failure ?? new RedirectError(
      `Cannot keep the probe rules of IPv${family}: another program takes them away`,
    );
  }

  async #missing(family: Family, ips: readonly Ip[]): Promise<string> {
    const { iptables, netns, owner } = this.#options;
    const found = await readRules(iptables, family, netns, "nat");
    return hostRulesText(found, owner, ofFamily(ips, family));
  }
}
