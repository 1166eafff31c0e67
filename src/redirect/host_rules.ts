import type { Ip } from "../model/address.ts";
import { type Backend, nameOfBackend } from "./backend.ts";
import { type Iptables, iptablesOf } from "./binary.ts";
import { RedirectError } from "./errors.ts";
import { hasLegacyTables, unlessUnusable } from "./holders.ts";
import { type HostOwner, hostRulesText, ofFamily } from "./host_plan.ts";
import { HOST_RULES_ATTEMPTS_MAX } from "./limits.ts";
import { hostScript, hostTable } from "./nft/host_script.ts";
import {
  NFTABLES,
  type Nftables,
  readNftTable,
  writeNft,
} from "./nft/programs.ts";
import type { Family } from "./plan.ts";
import { type Netns, readRules, writeRules } from "./programs.ts";

export interface HostRulesOptions {
  /** The node's namespace; undefined: the one of this process. */
  readonly netns: Netns;
  readonly backend: Backend;
  /** Whether there are rules for IPv6 too. */
  readonly ipv6: boolean;
  readonly owner: HostOwner;
}

/**
 * The probe rules of one owner on one node. Others, also other processes, have
 * theirs beside them: in the same chain of iptables, which goes with the last
 * rule in it, or in a table of nftables of their own.
 */
export class HostRules {
  readonly #options: HostRulesOptions;
  #turn: Promise<unknown> = Promise.resolve();
  /** Whether an earlier process may have left rules in another backend. */
  #mayHaveOthers = true;

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
    const turn = this.#turn.then(async () => {
      for (const part of partsOf(this.#options.backend, this.#options)) {
        await sync(part, ips);
      }
      if (this.#mayHaveOthers) await this.#leaveOthers();
      this.#mayHaveOthers = false;
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Takes the owner's rules away. */
  remove(): Promise<void> {
    return this.sync([]);
  }

  async #leaveOthers(): Promise<void> {
    const { backend, netns } = this.#options;
    const legacy = hasLegacyTables(netns) ? [iptablesOf("legacy")] : [];
    for (const other of [iptablesOf("nft"), ...legacy, NFTABLES]) {
      if (nameOfBackend(other) === nameOfBackend(backend)) continue;
      for (const part of partsOf(other, this.#options)) {
        await unlessUnusable(() => sync(part, []));
      }
    }
  }
}

/** Rules that are written together. */
interface Part {
  readonly name: string;
  /** What has to be written; empty when all is as it should be. */
  missing(ips: readonly Ip[]): Promise<string>;
  write(text: string): Promise<void>;
}

/** What another process changes between reading and writing fails the writing. */
async function sync(part: Part, ips: readonly Ip[]): Promise<void> {
  let failure: unknown;
  for (let attempt = 0; attempt < HOST_RULES_ATTEMPTS_MAX; attempt++) {
    const text = await part.missing(ips);
    if (text === "") return;
    try {
      await part.write(text);
    } catch (reason) {
      failure = reason;
    }
  }
  if (await part.missing(ips) === "") return;
  throw failure ?? new RedirectError(
    `Cannot keep the probe rules of ${part.name}: another program takes them away`,
  );
}

function partsOf(backend: Backend, options: HostRulesOptions): Part[] {
  const families: Family[] = options.ipv6 ? [4, 6] : [4];
  return backend.kind === "nftables"
    ? [nftPart(backend, options, families)]
    : families.map((family) => iptablesPart(backend, options, family));
}

function iptablesPart(
  iptables: Iptables,
  { netns, owner }: HostRulesOptions,
  family: Family,
): Part {
  return {
    name: `IPv${family}`,
    async missing(ips) {
      const found = await readRules(iptables, family, netns, "nat");
      return hostRulesText(found, owner, ofFamily(ips, family));
    },
    write: (text) => writeRules(iptables, family, netns, text),
  };
}

function nftPart(
  nftables: Nftables,
  { netns, owner }: HostRulesOptions,
  families: readonly Family[],
): Part {
  const table = hostTable(owner);
  return {
    name: `table ${table}`,
    async missing(ips) {
      const found = await readNftTable(nftables, netns, table);
      return hostScript(found, { owner, ips, families });
    },
    write: (script) => writeNft(nftables, netns, script),
  };
}
