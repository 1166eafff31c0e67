/** Rules of TCPRoutes and TLSRoutes: backends by weight, nothing else. */
import type { StreamRule } from "../../model/route_set.ts";
import type { Backends, Referrer } from "./backends.ts";
import type { FieldPath } from "./notes.ts";
import type { StreamRuleSpec } from "../schema/routes.ts";

/** Rules without matches: the first takes every connection, the others none. */
export function streamRules(
  rules: readonly StreamRuleSpec[],
  from: Referrer,
  backends: Backends,
): StreamRule[] {
  const [first, second] = rules;
  if (second !== undefined) {
    const why = "is never reached: the first rule takes every connection";
    from.notes.ignore(["spec", "rules", 1], why);
  }
  return first === undefined
    ? []
    : [streamRule(first, ["spec", "rules", 0], from, backends)];
}

const streamRule = (
  { name, backendRefs }: StreamRuleSpec,
  path: FieldPath,
  from: Referrer,
  backends: Backends,
): StreamRule => ({
  ...name !== undefined && { name },
  backends: backendRefs.map((ref, index) => ({
    weight: ref.weight,
    target: backends.resolve(ref, [...path, "backendRefs", index], from),
  })),
});
