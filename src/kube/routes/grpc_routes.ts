/** Rules of GRPCRoutes. */
import type { HttpRule } from "../../model/http_route.ts";
import { GRPC_FILTERS } from "./filters.ts";
import { grpcMatches } from "./matches.ts";
import { finishRule, ruleActions } from "./http_routes.ts";
import type { Backends, Referrer } from "./backends.ts";
import type { FieldPath } from "./notes.ts";
import type { GrpcRuleSpec } from "../schema/routes.ts";

/** @returns undefined when none of its matches can be asked. */
export function grpcRule(
  spec: GrpcRuleSpec,
  path: FieldPath,
  from: Referrer,
  backends: Backends,
): HttpRule | undefined {
  const before = from.notes.refused.length;
  const matches = grpcMatches(spec, path, from.notes);
  const actions = ruleActions(spec, path, {
    from,
    backends,
    matches,
    types: GRPC_FILTERS,
  });
  return finishRule(spec.name, matches, {
    ...actions,
    timeouts: {},
    refused: from.notes.refused[before]?.message,
  });
}
