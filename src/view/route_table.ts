/** Routes of a waypoint, one row a match, in the order in which they are asked. */
import type { Dump, DumpedMatch, DumpedRule } from "./dump.ts";
import { DumpError } from "./errors.ts";
import type { Table } from "./table.ts";

/** @throws {DumpError} when it is not a waypoint's dump. */
export function routeTable({ hairpin }: Dump): Table {
  const waypoint = hairpin?.waypoint;
  if (waypoint === undefined) {
    throw new DumpError('Cannot show "routes": it is no dump of a waypoint');
  }
  return {
    header: [
      "SERVICE",
      "PORT",
      "CLIENTS",
      "MATCH",
      "BACKENDS",
      "FILTERS",
      "KIND",
      "ROUTE",
      "RULE",
    ],
    rows: waypoint.routes.flatMap((scope) =>
      scope.rules.map((rule) => [
        scope.service,
        `${scope.port}`,
        scope.clientNamespace ?? "all",
        matchText(rule),
        backendsText(rule),
        rule.filters.join(",") || "-",
        scope.kind,
        rule.route,
        `${rule.rule}`,
      ])
    ),
  };
}

function matchText({ match, hostnames }: DumpedRule): string {
  if (match === undefined) return hostnames.join(",") || "*";
  const { method, headers, query } = match;
  return [
    ...method === undefined ? [] : [method],
    pathText(match.path),
    ...headers.map((h) => `${h.name}:${valueText(h)}`),
    ...query.map((q) => `?${q.name}=${valueText(q)}`),
  ].join(" ");
}

function pathText(path: DumpedMatch["path"]): string {
  const { kind, value, service, method } = path;
  switch (kind) {
    case "prefix":
      return `${value}/*`;
    case "regex":
      return `~${value}`;
    case "grpc":
      return `${service ? valueText(service) : "*"}/${
        method ? valueText(method) : "*"
      }`;
    default:
      return value;
  }
}

/** A tilde stands before an expression. */
const valueText = (
  { kind, value }: { readonly kind: string; readonly value: string },
): string => kind === "regex" ? `~${value}` : value;

function backendsText({ backends, invalid }: DumpedRule): string {
  if (invalid !== undefined) return `invalid: ${invalid}`;
  const texts = backends.map(({ service, port, weight, invalid }) => {
    const to = invalid === undefined ? `${service}:${port}` : "invalid";
    return backends.length === 1 ? to : `${to}(${weight})`;
  });
  return texts.join(",") || "-";
}
