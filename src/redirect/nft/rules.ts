import type { Fd } from "../../sys/libc.ts";
import type { RedirectOptions } from "../plan.ts";
import type { PodRules, RulesState } from "../pod_rules.ts";
import { hasFamily } from "../routing.ts";
import { compareNft, holdsOwnTables } from "./compare.ts";
import { planNft } from "./plan.ts";
import { type Nftables, readNft, writeNft } from "./programs.ts";
import { applyScript, removalScript } from "./script.ts";

/** Whatever is written is one transaction, so that nothing is ever half there. */
export class NftRules implements PodRules {
  readonly #netns: Fd;
  readonly #nftables: Nftables;

  constructor(netns: Fd, nftables: Nftables) {
    this.#netns = netns;
    this.#nftables = nftables;
  }

  async read(options: RedirectOptions): Promise<RulesState> {
    const ipv6 = options.ipv6 && hasFamily(6, this.#netns);
    const plan = planNft({ ...options, ipv6 });
    const found = await this.#read();
    return {
      differences: compareNft(plan, found),
      isDirty: holdsOwnTables(found),
      isAtomic: true,
      write: () => this.#write(applyScript(plan, found)),
      writeLines: () => this.#lines(applyScript(plan, found)),
    };
  }

  async exist(): Promise<boolean> {
    return holdsOwnTables(await this.#read());
  }

  async remove(): Promise<boolean> {
    const script = removalScript(await this.#read());
    await this.#write(script);
    return script !== "";
  }

  async removalLines(): Promise<string[]> {
    return this.#lines(removalScript(await this.#read()));
  }

  #read() {
    return readNft(this.#nftables, this.#netns);
  }

  #write(script: string): Promise<void> {
    return writeNft(this.#nftables, this.#netns, script);
  }

  #lines(script: string): string[] {
    if (script === "") return [];
    const { nft } = this.#nftables;
    return [`${nft} -f - <<END`, ...script.trimEnd().split("\n"), "END"];
  }
}
