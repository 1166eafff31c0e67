import type { ServiceTarget } from "../../decide/http/choose_backend.ts";
import { normalizePath } from "../../decide/http/path_normalization.ts";
import type { HeaderList, HttpRequest } from "../../model/http.ts";
import type { PathNormalization } from "../../model/mesh_config.ts";
import type { WaypointCall } from "./call.ts";
import type { HttpVersion } from "./upstreams.ts";
import { HAIRPIN_SOURCE } from "../outbound_tunnel.ts";

/**
 * Fields that speak for a proxy, and that a client may not say in its name.
 * `x-forwarded-client-cert` would claim an identity.
 */
const NOT_FROM_CLIENTS: ReadonlySet<string> = new Set([
  "x-forwarded-client-cert",
  HAIRPIN_SOURCE,
]);

/**
 * A request as decisions see it, its path in its normal form.
 *
 * @returns undefined when it has no path, as a plain CONNECT, or one that can
 * be read in more than one way.
 */
export function readRequest(
  list: HeaderList,
  normalization: PathNormalization,
): HttpRequest | undefined {
  const pseudo = new Map(
    list.filter(([name]) => name.startsWith(":")).map(([n, v]) => [n, v]),
  );
  const target = pseudo.get(":path");
  const path = target && normalizePath(target, normalization);
  if (path === undefined || path === "") return undefined;
  return {
    method: pseudo.get(":method") ?? "",
    scheme: pseudo.get(":scheme") ?? "http",
    authority: pseudo.get(":authority") ?? "",
    path,
    headers: list.filter(([name]) =>
      !name.startsWith(":") && !NOT_FROM_CLIENTS.has(name)
    ),
  };
}

/** The header list that a backend is sent. */
export const writeRequest = (request: HttpRequest): HeaderList => [
  [":method", request.method],
  [":scheme", request.scheme],
  [":authority", request.authority],
  [":path", request.path],
  ...request.headers,
];

/**
 * The version that a backend is spoken to in: as its port declares; where it
 * does not, the client's.
 *
 * @param target undefined for the pod that was called.
 */
export function versionFor(
  { context: { mesh } }: Pick<WaypointCall, "context">,
  target: ServiceTarget | undefined,
  { version }: { readonly version: HttpVersion },
): HttpVersion {
  if (target === undefined) return version;
  const service = mesh.serviceByKey(target.service);
  switch (service?.appProtocols?.[target.port]) {
    case "HTTP2":
    case "GRPC":
      return "http2";
    case "HTTP11":
      return "http1";
    default:
      return version;
  }
}
