import { messageOf } from "../base/errors.ts";
import type { Fd } from "../sys/libc.ts";
import { type Backend, nameOfBackend } from "./backend.ts";
import { RedirectError } from "./errors.ts";
import { backendsHolding } from "./holders.ts";
import { DIFFERENCES_SHOWN_MAX } from "./limits.ts";
import type { Family, RedirectOptions } from "./plan.ts";
import { podRules, type RulesState } from "./pod_rules.ts";
import {
  applyRouting,
  familiesIn,
  readRouting,
  removeRouting,
  type Routing,
  verifyRouting,
} from "./routing.ts";

/** A pod's namespace and how it is, or is to be, redirected. */
export interface RedirectTarget {
  readonly netns: Fd;
  readonly backend: Backend;
  readonly options: RedirectOptions;
}

/**
 * How the rules came to be as planned: written where none were, found so,
 * put right, or written in place of another backend's.
 */
export type ApplyOutcome = "created" | "adopted" | "repaired" | "replaced";

/**
 * Redirects a pod. Rules that are already as planned are left alone; others of
 * a redirector are replaced, and nothing passes the proxy by meanwhile. Those of
 * other backends go once the new ones are in force. Read back afterwards: what
 * returns is in force.
 *
 * @throws {RedirectError} when a command fails or the rules are not as planned
 * afterwards. A pod that was not redirected before is then as it was; for any
 * other the message says how it is. Calling again is safe.
 */
export async function applyRedirect(
  target: RedirectTarget,
): Promise<ApplyOutcome> {
  const { netns, backend, options } = target;
  const rules = podRules(netns, backend);
  const state = await rules.read(options);
  const others = await othersHolding(target);
  const routing = await routingBefore(netns);
  const remove = () => rules.remove();
  const keep = () => Promise.resolve();
  try {
    for (const family of familiesOf(target)) await applyRouting(family, netns);
    if (state.differences.length > 0) await state.write();
  } catch (reason) {
    if (state.isDirty && !state.isAtomic) throw reason;
    const undo = state.isDirty ? keep : remove;
    throw await putBack(target, { reason, routing, undo });
  }
  try {
    await assertApplied(target);
  } catch (reason) {
    if (state.isDirty) throw reason;
    throw await putBack(target, { reason, routing, undo: remove });
  }
  for (const other of others) await removeOther(target, other);
  return outcomeOf(state, others);
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
  const own = nameOfBackend(target.backend);
  return [
    ...await differencesOf(target),
    ...(await othersHolding(target)).map((other) =>
      `${
        nameOfBackend(other)
      } holds redirection rules, where only ${own} should`
    ),
  ];
}

/**
 * Takes a pod's redirection away, whatever backend it is in: our chains and
 * tables, what leads into them, rule and route. Rules of others stay.
 *
 * @returns whether there was any.
 * @throws {RedirectError} when a command fails. Calling again is safe.
 */
export async function removeRedirect(
  { netns }: Pick<RedirectTarget, "netns">,
): Promise<boolean> {
  let removed = false;
  for (const backend of await backendsHolding(netns)) {
    removed = await podRules(netns, backend).remove() || removed;
  }
  for (const family of familiesIn(netns)) {
    removed = await removeRouting(family, netns) || removed;
  }
  return removed;
}

/** The families that are to be redirected and that the kernel has there. */
export const familiesOf = ({ netns, options }: RedirectTarget): Family[] =>
  familiesIn(netns).filter((family) => family === 4 || options.ipv6);

/** The backends that hold rules beside the one that should. */
export async function othersHolding(
  { netns, backend }: RedirectTarget,
): Promise<Backend[]> {
  const own = nameOfBackend(backend);
  return (await backendsHolding(netns))
    .filter((other) => nameOfBackend(other) !== own);
}

type RoutingBefore = readonly (readonly [Family, Routing])[];

async function routingBefore(netns: Fd): Promise<RoutingBefore> {
  const before: [Family, Routing][] = [];
  for (const family of familiesIn(netns)) {
    before.push([family, await readRouting(family, netns)]);
  }
  return before;
}

/** A failed attempt: why, what was before, and what takes its rules back. */
interface Failure {
  readonly reason: unknown;
  readonly routing: RoutingBefore;
  undo(): Promise<unknown>;
}

/** Takes back what a failed attempt wrote. @returns the error to throw. */
async function putBack(
  { netns }: RedirectTarget,
  { reason, routing, undo }: Failure,
): Promise<RedirectError> {
  const options = { cause: reason };
  try {
    await undo();
    for (const [family, kept] of routing) {
      await removeRouting(family, netns, kept);
    }
  } catch (failure) {
    return new RedirectError(
      `${messageOf(reason)}; and cannot put the pod back as it was: ${
        messageOf(failure)
      } (hint: mend the cause, then "hairpin redirect remove")`,
      options,
    );
  }
  return new RedirectError(
    `${messageOf(reason)}; the pod is as it was before`,
    options,
  );
}

/** Beside rules in force, those of another backend do no harm: both say the same. */
async function removeOther(
  { netns, backend }: RedirectTarget,
  other: Backend,
): Promise<void> {
  try {
    await podRules(netns, other).remove();
  } catch (reason) {
    throw new RedirectError(
      `${messageOf(reason)}; the pod is redirected by ${
        nameOfBackend(backend)
      }, and rules of ${nameOfBackend(other)} are left`,
      { cause: reason },
    );
  }
}

function outcomeOf(
  { differences, isDirty }: RulesState,
  others: readonly Backend[],
): ApplyOutcome {
  if (others.length > 0) return "replaced";
  if (differences.length === 0) return "adopted";
  return isDirty ? "repaired" : "created";
}

async function differencesOf(target: RedirectTarget): Promise<string[]> {
  const { netns, backend, options } = target;
  const { differences } = await podRules(netns, backend).read(options);
  const routing: string[] = [];
  for (const family of familiesOf(target)) {
    routing.push(...await verifyRouting(family, netns));
  }
  return [...differences, ...routing];
}

async function assertApplied(target: RedirectTarget): Promise<void> {
  const differences = await differencesOf(target);
  if (differences.length === 0) return;
  const shown = differences.slice(0, DIFFERENCES_SHOWN_MAX).join("; ");
  const rest = differences.length - DIFFERENCES_SHOWN_MAX;
  throw new RedirectError(
    `Cannot redirect the pod: not as planned after writing: ${shown}${
      rest > 0 ? `; and ${rest} more` : ""
    }`,
  );
}
