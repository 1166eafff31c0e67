/** The CORS filter of an HTTPRoute. */
import type { CorsPolicy, OriginMatch } from "../../model/http_filters.ts";
import type { FieldPath, RouteNotes } from "./notes.ts";
import type { CorsFilter } from "../schema/route_parts.ts";

/** @returns undefined when an origin cannot be read, which is refused in `notes`. */
export function corsPolicy(
  filter: CorsFilter,
  path: FieldPath,
  notes: RouteNotes,
): CorsPolicy | undefined {
  const origins = filter.allowOrigins.map(originMatch);
  const bad = origins.indexOf(undefined);
  if (bad >= 0) {
    const why = "is no origin: SCHEME://HOST[:PORT], a leading * in HOST, or *";
    notes.refuse([...path, "allowOrigins", bad], why);
    return undefined;
  }
  return {
    allowOrigins: origins.filter((match) => match !== undefined),
    allowCredentials: filter.allowCredentials,
    allowMethods: anyAlone(filter.allowMethods),
    allowHeaders: anyAlone(filter.allowHeaders),
    exposeHeaders: anyAlone(filter.exposeHeaders),
    maxAgeSeconds: filter.maxAge,
  };
}

const anyAlone = (values: readonly string[]): readonly string[] =>
  values.includes("*") ? ["*"] : values;

function originMatch(text: string): OriginMatch | undefined {
  if (text === "*") return { kind: "any" };
  const parts = ORIGIN.exec(text.toLowerCase());
  if (parts === null) return undefined;
  const [, scheme = "", host = "", digits] = parts;
  const port = digits === undefined ? PORTS.get(scheme) : Number(digits);
  return {
    kind: "origin",
    scheme,
    host: host.startsWith("*")
      ? { kind: "suffix", value: host.slice(1) }
      : { kind: "exact", value: host },
    port,
  };
}

const ORIGIN =
  /^([a-z][a-z0-9+.-]*):\/\/(\*?[^*:/?#@\s]*|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/;
const PORTS: ReadonlyMap<string, number> = new Map([
  ["http", 80],
  ["https", 443],
]);
