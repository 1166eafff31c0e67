import { messageOf } from "../base/errors.ts";
import type { Fd } from "../sys/libc.ts";
import type { Iptables } from "./binary.ts";
import { compareRules, hasResidue } from "./compare.ts";
import { RedirectError } from "./errors.ts";
import {
  guardrailRemovalText,
  guardrailsIn,
  guardrailText,
} from "./guardrails.ts";
import {
  type Family,
  type FamilyPlan,
  planRedirect,
  type RedirectOptions,
} from "./plan.ts";
import type { PodRules, RulesState } from "./pod_rules.ts";
import { readRules, writeRules } from "./programs.ts";
import { removalText, restoreText } from "./restore_text.ts";
import { familiesIn } from "./routing.ts";
import type { Ruleset } from "./ruleset.ts";

/**
 * Each table of a family is a transaction of its own. Replacing what is there
 * takes several, so all TCP and UDP of the pod stands still meanwhile.
 */
export class IptablesRules implements PodRules {
  readonly #netns: Fd;
  readonly #iptables: Iptables;

  constructor(netns: Fd, iptables: Iptables) {
    this.#netns = netns;
    this.#iptables = iptables;
  }

  async read(options: RedirectOptions): Promise<RulesState> {
    const families = familiesIn(this.#netns);
    const states: State[] = [];
    for (const plan of planRedirect(options)) {
      if (!families.includes(plan.family)) continue;
      states.push({ plan, found: await this.#read(plan.family) });
    }
    const isDirty = states.some(({ found }) => isOurs(found));
    return {
      differences: states.flatMap(({ plan, found }) =>
        compareRules(plan, found)
      ),
      isDirty,
      isAtomic: false,
      write: () => isDirty ? this.#repair(states) : this.#writeAll(states),
      writeLines: () =>
        states.flatMap((state) =>
          this.#lines(state.plan.family, textOf(state))
        ),
    };
  }

  async exist(): Promise<boolean> {
    for (const family of familiesIn(this.#netns)) {
      if (isOurs(await this.#read(family))) return true;
    }
    return false;
  }

  async remove(): Promise<boolean> {
    let removed = false;
    for (const family of familiesIn(this.#netns)) {
      const found = await this.#read(family);
      for (const text of [removalText(found), guardrailRemovalText(found)]) {
        await this.#write(family, text);
        removed ||= text !== "";
      }
    }
    return removed;
  }

  async removalLines(): Promise<string[]> {
    const lines: string[] = [];
    for (const family of familiesIn(this.#netns)) {
      const found = await this.#read(family);
      for (const text of [removalText(found), guardrailRemovalText(found)]) {
        lines.push(...this.#lines(family, text));
      }
    }
    return lines;
  }

  async #writeAll(states: readonly State[]): Promise<void> {
    for (const state of states) {
      await this.#write(state.plan.family, textOf(state));
    }
  }

  async #repair(states: readonly State[]): Promise<void> {
    const families = states.map(({ plan }) => plan.family);
    try {
      for (const { plan, found } of states) {
        await this.#write(plan.family, guardrailText(found));
      }
    } catch (reason) {
      await this.#removeGuardrails(families).catch(() => {});
      throw new RedirectError(`${messageOf(reason)}; nothing was replaced`, {
        cause: reason,
      });
    }
    try {
      await this.#writeAll(states);
    } catch (reason) {
      throw new RedirectError(
        `${
          messageOf(reason)
        }; the pod's TCP and UDP stay stopped, since its rules are half replaced (hint: mend the cause, then "hairpin redirect apply" or "hairpin redirect remove")`,
        { cause: reason },
      );
    }
    await this.#removeGuardrails(families);
  }

  async #removeGuardrails(families: readonly Family[]): Promise<void> {
    for (const family of families) {
      const found = await this.#read(family);
      await this.#write(family, guardrailRemovalText(found));
    }
  }

  #read(family: Family): Promise<Ruleset> {
    return readRules(this.#iptables, family, this.#netns);
  }

  #write(family: Family, text: string): Promise<void> {
    return writeRules(this.#iptables, family, this.#netns, text);
  }

  #lines(family: Family, text: string): string[] {
    if (text === "") return [];
    return [
      `${this.#iptables[family].restore} --noflush <<END`,
      ...text.trimEnd().split("\n"),
      "END",
    ];
  }
}

/** One family as it should be and as it is. */
interface State {
  readonly plan: FamilyPlan;
  readonly found: Ruleset;
}

/** Also what a repair cut short has left. */
const isOurs = (found: Ruleset): boolean =>
  hasResidue(found) || guardrailsIn(found).length > 0;

/** What makes the family as planned; empty when it is. */
const textOf = ({ plan, found }: State): string =>
  compareRules(plan, found).length === 0 ? "" : restoreText(plan, found);
