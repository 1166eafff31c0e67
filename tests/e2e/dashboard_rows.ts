/** What Istio's dashboards and Kiali ask of the data plane: names, types and labels. */

export type FamilyType = "counter" | "gauge" | "histogram";

export interface DashboardRow {
  /** As it is asked for, with a counter's or a histogram's suffix. */
  readonly sample: string;
  readonly type: FamilyType;
  /** Those that queries select or group by, but for what Prometheus adds. */
  readonly labels: readonly string[];
  /** Whose query it is. */
  readonly by: readonly Asker[];
}

export type Asker =
  | "ztunnel dashboard"
  | "mesh dashboard"
  | "workload dashboard"
  | "service dashboard"
  | "performance dashboard"
  | "Kiali";

/** By which Kiali draws its graph, and the dashboards their panels. */
const ENDS = [
  "reporter",
  "source_cluster",
  "source_workload",
  "source_workload_namespace",
  "source_canonical_service",
  "source_canonical_revision",
  "source_principal",
  "destination_cluster",
  "destination_service",
  "destination_service_name",
  "destination_service_namespace",
  "destination_workload",
  "destination_workload_namespace",
  "destination_canonical_service",
  "destination_canonical_revision",
  "destination_principal",
];

const TCP = [...ENDS, "connection_security_policy", "response_flags"];
const HTTP = [
  ...TCP,
  "request_protocol",
  "response_code",
  "grpc_response_status",
];

const DASHBOARDS: readonly Asker[] = [
  "mesh dashboard",
  "workload dashboard",
  "service dashboard",
  "Kiali",
];

const row = (
  sample: string,
  type: FamilyType,
  labels: readonly string[],
  by: readonly Asker[],
): DashboardRow => ({ sample, type, labels, by });

const TCP_ROWS = [
  row("istio_tcp_sent_bytes_total", "counter", TCP, DASHBOARDS),
  row("istio_tcp_received_bytes_total", "counter", TCP, DASHBOARDS),
  row("istio_tcp_connections_opened_total", "counter", TCP, [
    ...["ztunnel dashboard", "Kiali"] as const,
  ]),
  row("istio_tcp_connections_closed_total", "counter", TCP, [
    ...["ztunnel dashboard", "Kiali"] as const,
  ]),
];

const BUILD = row("istio_build", "gauge", ["component", "tag"], [
  ...["ztunnel dashboard", "mesh dashboard", "performance dashboard"] as const,
  "Kiali",
]);

/** Standard ones, asked of istiod by name and of anybody by habit. */
const PROCESS_ROWS = [
  row("process_open_fds", "gauge", [], [
    ...["ztunnel dashboard", "performance dashboard"] as const,
  ]),
  ...["process_resident_memory_bytes", "process_virtual_memory_bytes"].map(
    (name) => row(name, "gauge", [], ["performance dashboard", "Kiali"]),
  ),
  row("process_cpu_seconds_total", "counter", [], [
    ...["performance dashboard", "Kiali"] as const,
  ]),
];

/** Of a node's proxy that has carried connections and answered a name. */
export const NODE_ROWS: readonly DashboardRow[] = [
  BUILD,
  ...PROCESS_ROWS,
  ...TCP_ROWS,
  row("istio_tcp_sockets_open", "gauge", [], ["ztunnel dashboard"]),
  row("istio_dns_requests_total", "counter", [], ["ztunnel dashboard"]),
  row("workload_manager_active_proxy_count", "gauge", [], [
    ...["ztunnel dashboard", "Kiali"] as const,
  ]),
  row("workload_manager_pending_proxy_count", "gauge", [], [
    "ztunnel dashboard",
  ]),
];

/** Of a node's proxy that follows istiod, after that has hung up. */
export const XDS_ROWS: readonly DashboardRow[] = [
  row("istio_xds_message_total", "counter", ["url"], ["ztunnel dashboard"]),
  row("istio_xds_connection_terminations_total", "counter", ["reason"], [
    "ztunnel dashboard",
  ]),
];

const histogramRows = (name: string): DashboardRow[] =>
  ["bucket", "sum", "count"].map((part) =>
    row(
      `${name}_${part}`,
      "histogram",
      part === "bucket" ? [...HTTP, "le"] : HTTP,
      [...DASHBOARDS, "performance dashboard"],
    )
  );

/** Of a waypoint that has carried requests, gRPC calls and connections. */
export const WAYPOINT_ROWS: readonly DashboardRow[] = [
  BUILD,
  ...PROCESS_ROWS,
  ...TCP_ROWS,
  row("istio_requests_total", "counter", HTTP, [
    ...DASHBOARDS,
    "performance dashboard",
  ]),
  ...histogramRows("istio_request_duration_milliseconds"),
  ...histogramRows("istio_request_bytes"),
  ...histogramRows("istio_response_bytes"),
  row("istio_request_messages_total", "counter", ENDS, ["Kiali"]),
  row("istio_response_messages_total", "counter", ENDS, ["Kiali"]),
];
