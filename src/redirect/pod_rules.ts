import type { Fd } from "../sys/libc.ts";
import type { Backend } from "./backend.ts";
import { IptablesRules } from "./iptables_rules.ts";
import { NftRules } from "./nft/rules.ts";
import type { RedirectOptions } from "./plan.ts";

/** One backend's redirection rules in one pod's namespace. */
export interface PodRules {
  /**
   * How they are, against how they should be.
   *
   * @throws {RedirectError} when they cannot be read.
   */
  read(options: RedirectOptions): Promise<RulesState>;

  /** Whether there are any, ours or another redirector's. */
  exist(): Promise<boolean>;

  /**
   * Takes ours away.
   *
   * @returns whether there were any.
   * @throws {RedirectError} when they cannot be; calling again is safe.
   */
  remove(): Promise<boolean>;

  /** The commands of {@link remove}, in words. */
  removalLines(): Promise<string[]>;
}

/** Rules as they were read. */
export interface RulesState {
  /** What keeps them from being as planned, one line each. */
  readonly differences: readonly string[];
  /** Whether something of a redirector is there. */
  readonly isDirty: boolean;

  /**
   * Makes them as planned.
   *
   * @throws {RedirectError} when that fails. Unless it is atomic, something may be
   * left where nothing was; where something was, it says whether that is as before.
   */
  write(): Promise<void>;

  /** Whether a {@link write} that fails has changed nothing. */
  readonly isAtomic: boolean;

  /** The commands of {@link write}, in words. */
  writeLines(): string[];
}

export const podRules = (netns: Fd, backend: Backend): PodRules =>
  backend.kind === "nftables"
    ? new NftRules(netns, backend)
    : new IptablesRules(netns, backend);
