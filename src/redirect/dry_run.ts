/** What `hairpin redirect --dry-run` says. */
import type { Fd } from "../sys/libc.ts";
import { familiesOf, othersHolding, type RedirectTarget } from "./apply.ts";
import { backendsHolding } from "./holders.ts";
import { podRules } from "./pod_rules.ts";
import {
  familiesIn,
  readRouting,
  routingCommands,
  routingRemovalCommands,
  verifyRouting,
} from "./routing.ts";

/** The commands of an apply, each followed by what it would read. */
export async function applyLines(target: RedirectTarget): Promise<string[]> {
  const { netns, backend, options } = target;
  const lines: string[] = [];
  for (const family of familiesOf(target)) {
    if ((await verifyRouting(family, netns)).length > 0) {
      lines.push(...routingCommands(family));
    }
  }
  const state = await podRules(netns, backend).read(options);
  if (state.differences.length > 0) lines.push(...state.writeLines());
  for (const other of await othersHolding(target)) {
    lines.push(...await podRules(netns, other).removalLines());
  }
  return lines.length > 0 ? lines : ["nothing to do"];
}

/** The commands of a removal, likewise. */
export async function removeLines(netns: Fd): Promise<string[]> {
  const lines: string[] = [];
  for (const backend of await backendsHolding(netns)) {
    lines.push(...await podRules(netns, backend).removalLines());
  }
  for (const family of familiesIn(netns)) {
    const found = await readRouting(family, netns);
    lines.push(...routingRemovalCommands(family, found));
  }
  return lines.length > 0 ? lines : ["nothing to remove"];
}
