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
import { DIFFERENCES_SHOWN_MAX } from "./limits.ts";
import {
  type Family,
  type FamilyPlan,
  planRedirect,
  type RedirectOptions,
} from "./plan.ts";
import { readRules, writeRules } from "./programs.ts";
import { removalText, restoreText } from "./restore_text.ts";
import {
  applyRouting,
  hasFamily,
  removeRouting,
  verifyRouting,
} from "./routing.ts";
import type { Ruleset } from "./ruleset.ts";

/** A pod's namespace and how it is, or is to be, redirected. */
export interface RedirectTarget {
  readonly netns: Fd;
  readonly iptables: Iptables;
  readonly options: RedirectOptions;
}

/** How the rules came to be as planned. */
export type ApplyOutcome = "created" | "adopted" | "repaired";

/**
 * Redirects a pod. Rules that are already as planned are left alone; others of
 * a redirector are replaced while all TCP and UDP of the pod stands still.
 * Read back afterwards: what returns is in force.
 *
 * @throws {RedirectError} when a command fails or the rules are not as planned
 * afterwards. Calling again is safe.
 */
export async function applyRedirect(
  target: RedirectTarget,
): Promise<ApplyOutcome> {
  const states = await readStates(target);
  for (const { plan } of states) {
    await applyRouting(plan.family, target.netns);
  }
  const outcome = outcomeOf(states);
  if (outcome === "created") await writeAll(target, states);
  if (outcome === "repaired") await repair(target, states);
  await assertApplied(target);
  return outcome;
}

/**
 * What keeps a pod from being redirected as planned, one line each; empty when
 * nothing does.
 *
 * @throws {RedirectError} when the rules cannot be read.
 */
export async function verifyRedirect(
  target: RedirectTarget,
): Promise<string[]> {
  const differences: string[] = [];
  for (const { plan, found } of await readStates(target)) {
    differences.push(...compareRules(plan, found));
    differences.push(...await verifyRouting(plan.family, target.netns));
  }
  return differences;
}

/**
 * Takes a pod's redirection away: our chains, what leads into them, rule and
 * route. Rules of others stay.
 *
 * @returns whether there was any.
 * @throws {RedirectError} when a command fails. Calling again is safe.
 */
export async function removeRedirect(
  { netns, iptables }: Pick<RedirectTarget, "netns" | "iptables">,
): Promise<boolean> {
  let removed = false;
  for (const family of familiesIn(netns)) {
    const found = await readRules(iptables, family, netns);
    for (const text of [removalText(found), guardrailRemovalText(found)]) {
      await writeRules(iptables, family, netns, text);
      removed ||= text !== "";
    }
    removed = await removeRouting(family, netns) || removed;
  }
  return removed;
}

/** The families that the kernel has in a namespace. */
export const familiesIn = (netns: Fd): Family[] =>
  ([4, 6] as const).filter((family) => hasFamily(family, netns));

/** One family as it should be and as it is. */
interface State {
  readonly plan: FamilyPlan;
  readonly found: Ruleset;
}

async function readStates(target: RedirectTarget): Promise<State[]> {
  const states: State[] = [];
  for (const plan of planRedirect(target.options)) {
    if (!hasFamily(plan.family, target.netns)) continue;
    const { iptables, netns } = target;
    states.push({ plan, found: await readRules(iptables, plan.family, netns) });
  }
  return states;
}

function outcomeOf(states: readonly State[]): ApplyOutcome {
  const differs = ({ plan, found }: State) =>
    compareRules(plan, found).length > 0;
  if (!states.some(differs)) return "adopted";
  const isDirty = ({ found }: State) =>
    hasResidue(found) || guardrailsIn(found).length > 0;
  return states.some(isDirty) ? "repaired" : "created";
}

/** Tries both families, so that one failing leaves the other captured. */
async function writeAll(
  { netns, iptables }: RedirectTarget,
  states: readonly State[],
): Promise<void> {
  const failures: string[] = [];
  for (const { plan, found } of states) {
    if (compareRules(plan, found).length === 0) continue;
    try {
      const text = restoreText(plan, found);
      await writeRules(iptables, plan.family, netns, text);
    } catch (reason) {
      failures.push(messageOf(reason));
    }
  }
  if (failures.length > 0) throw new RedirectError(failures.join("; "));
}

async function repair(
  target: RedirectTarget,
  states: readonly State[],
): Promise<void> {
  const { iptables, netns } = target;
  try {
    for (const { plan, found } of states) {
      const text = guardrailText(found);
      await writeRules(iptables, plan.family, netns, text);
    }
    await writeAll(target, states);
  } finally {
    await removeGuardrails(target);
  }
}

async function removeGuardrails(target: RedirectTarget): Promise<void> {
  const { iptables, netns } = target;
  for (const { plan, found } of await readStates(target)) {
    const text = guardrailRemovalText(found);
    await writeRules(iptables, plan.family, netns, text);
  }
}

async function assertApplied(target: RedirectTarget): Promise<void> {
  const differences = await verifyRedirect(target);
  if (differences.length === 0) return;
  const shown = differences.slice(0, DIFFERENCES_SHOWN_MAX).join("; ");
  const rest = differences.length - DIFFERENCES_SHOWN_MAX;
  throw new RedirectError(
    `Cannot redirect the pod: not as planned after writing: ${shown}${
      rest > 0 ? `; and ${rest} more` : ""
    }`,
  );
}
