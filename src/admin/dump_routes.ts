/** Routes of a waypoint, in the order in which they are asked. */
import type { BackendTarget, WeightedBackend } from "../model/backend.ts";
import type { HttpFilters } from "../model/http_filters.ts";
import type {
  HttpMatch,
  HttpRule,
  NamedMatch,
  PathMatch,
  TextMatch,
} from "../model/http_route.ts";
import type { StreamRoute } from "../model/route_set.ts";
import type { RouteStatus } from "../model/route_status.ts";
import { SECRET_NAME } from "./dump_config.ts";
import type { Json } from "./json.ts";
import type { PlacedMatchRow, RouteScopeRow } from "./rows.ts";

/** One port of one service: `rules` has an entry for each match, the first that holds wins. */
export const dumpRoutes = (scope: RouteScopeRow): Json => ({
  service: scope.service,
  port: scope.port,
  clientNamespace: scope.clientNamespace,
  kind: scope.kind,
  rules: scope.layer === "http"
    ? scope.matches.map(dumpPlaced)
    : scope.routes.map(dumpStream),
});

function dumpPlaced({ match, route, ruleIndex }: PlacedMatchRow): Json {
  const rule = route.rules[ruleIndex];
  return {
    route: `${route.namespace}/${route.name}`,
    rule: ruleIndex,
    match: dumpMatch(match),
    ...rule === undefined ? {} : dumpRule(rule),
  };
}

const dumpRule = (rule: HttpRule) => ({
  name: rule.name,
  filters: namesOf(rule.filters),
  ...dumpAction(rule),
  timeouts: unlessEmpty({ ...rule.timeouts }),
  retry: rule.retry && { ...rule.retry },
});

function dumpAction({ action }: HttpRule): Record<string, Json> {
  switch (action.kind) {
    case "forward":
      return {
        backends: action.backends.map((backend) => ({
          ...dumpBackend(backend),
          filters: namesOf(backend.filters),
        })),
      };
    case "redirect":
      return { backends: [] };
    case "invalid":
      return { backends: [], invalid: action.because };
    default:
      throw new Error(`unhandled: ${action satisfies never}`);
  }
}

const dumpBackend = ({ target, weight }: WeightedBackend) => ({
  ...dumpTarget(target),
  weight,
});

const dumpTarget = (target: BackendTarget): Record<string, Json> =>
  target.kind === "service"
    ? { service: target.service, port: target.port }
    : { invalid: target.because };

/** By name alone: values that headers are set to may be nobody's business. */
function namesOf({ mirrors, ...filters }: HttpFilters): readonly Json[] {
  const names = Object.entries(filters).filter(([, set]) => set !== undefined)
    .map(([name]) => name);
  return [...names, ...mirrors.length === 0 ? [] : ["mirrors"]].sort();
}

const dumpMatch = (match: HttpMatch): Json => ({
  path: dumpPath(match.path),
  method: match.method,
  headers: match.headers.map(dumpNamed),
  query: match.query.map(dumpNamed),
});

const dumpPath = (path: PathMatch): Json =>
  path.kind === "grpc"
    ? {
      kind: path.kind,
      service: path.service && dumpText(path.service),
      method: path.method && dumpText(path.method),
    }
    : { kind: path.kind, value: path.value };

const dumpNamed = ({ name, match }: NamedMatch): Json => ({
  name,
  kind: match.kind,
  value: SECRET_NAME.test(name) ? "<hidden>" : match.value,
});

const dumpText = ({ kind, value }: TextMatch) => ({ kind, value });

/** Only the first rule of such a route can be reached. */
const dumpStream = (
  { namespace, name, hostnames, rules }: StreamRoute,
): Json => ({
  route: `${namespace}/${name}`,
  rule: 0,
  hostnames,
  backends: rules[0]?.backends.map(dumpBackend) ?? [],
});

const unlessEmpty = (record: Readonly<Record<string, Json>>) =>
  Object.keys(record).length === 0 ? undefined : record;

/** What became of a route, as its status says it. */
export const dumpRouteStatus = (status: RouteStatus): Json => ({
  kind: status.kind,
  route: `${status.namespace}/${status.name}`,
  parents: status.parents.map(({ parent, conditions }) => ({
    parent: { ...parent },
    conditions: conditions.map((condition) => ({ ...condition })),
  })),
});
