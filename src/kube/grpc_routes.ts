/** Rules of GRPCRoutes. */
import type { HttpRule } from "../model/http_route.ts";
import { GRPC_FILTERS } from "./http_filters.ts";
import { grpcMatches } from "./http_matches.ts";
import { finishRule, ruleActions } from "./http_routes.ts";
import type { Backends, Referrer } from "./route_backends.ts";
import type { FieldPath } from "./route_notes.ts";
import type { GrpcRuleSpec } from "./schema/routes.ts";

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
