import type { HttpAccessLog } from "./http_access_log.ts";
import type { HttpTrafficMetrics } from "./http_traffic.ts";

/** Where requests are reported. */
export interface HttpTelemetry {
  readonly metrics: HttpTrafficMetrics;
  readonly accessLog: HttpAccessLog;
}
