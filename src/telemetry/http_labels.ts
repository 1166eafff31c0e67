/** What a waypoint's HTTP metrics tell of a request beside its two ends. */
import { known } from "./label_text.ts";
import { renderLabels } from "./openmetrics.ts";
import { type EnvoyFlag, formatFlags } from "./response_flags.ts";
import type { TrafficEnds } from "./traffic_context.ts";
import { clientSecurity } from "./waypoint_labels.ts";

/** What labels tell of one request and its response. */
export interface HttpLabelled extends TrafficEnds {
  readonly requestProtocol: "http" | "grpc";
  /** 0 when the client left before there was one. */
  readonly responseCode: number;
  /** Of a gRPC call; undefined when it ended without one. */
  readonly grpcStatus?: number | undefined;
  readonly responseFlags: readonly EnvoyFlag[];
}

/** From `request_protocol` to `connection_security_policy`. */
export const outcomeLabels = (exchange: HttpLabelled): string =>
  renderLabels({
    request_protocol: exchange.requestProtocol,
    response_code: `${exchange.responseCode}`,
    grpc_response_status: grpcStatusText(exchange),
    response_flags: formatFlags(exchange.responseFlags),
    connection_security_policy: clientSecurity(exchange.mutualTls),
  });

/** Largest status that gRPC defines: UNAUTHENTICATED. */
const GRPC_STATUS_MAX = 16;

/** Empty where there is none. A backend may send any number: only gRPC's own make series. */
function grpcStatusText(
  { requestProtocol, grpcStatus }: HttpLabelled,
): string {
  if (requestProtocol !== "grpc" || grpcStatus === undefined) return "";
  return GRPC_STATUSES[grpcStatus] ?? known(undefined);
}

const GRPC_STATUSES: readonly string[] = Array.from(
  { length: GRPC_STATUS_MAX + 1 },
  (_, status) => `${status}`,
);

/**
 * Short text that differs wherever the label text of two exchanges between the
 * same two peers does. What comes from outside stands behind its lengths, so
 * that no two of them read as another two.
 */
export function outcomeKey(exchange: HttpLabelled): string {
  const { sourcePrincipal = "", destinationPrincipal = "" } = exchange;
  const { hostname = "", name = "", namespace = "" } = exchange.service ?? {};
  return `${exchange.requestProtocol} ${exchange.responseCode} ` +
    `${grpcStatusText(exchange)} ${formatFlags(exchange.responseFlags)} ` +
    `${exchange.mutualTls} ${sourcePrincipal.length} ` +
    `${destinationPrincipal.length} ${hostname.length} ${name.length} ` +
    sourcePrincipal + destinationPrincipal + hostname + name + namespace;
}
