import type { Context } from "hono";
import { parseAccept } from "hono/utils/accept";
import {
  type MetricsSnapshot,
  renderOpenMetrics,
} from "../telemetry/metrics.ts";
import { compressedText } from "./compression.ts";

const OPEN_METRICS = "application/openmetrics-text";

/** The exposition; its text is the same for a client that does not know OpenMetrics. */
export function metricsResponse(
  c: Context,
  snapshot: MetricsSnapshot,
): Promise<Response> {
  const accepted = parseAccept(c.req.header("accept") ?? "");
  const contentType = accepted.some(({ type }) => type === OPEN_METRICS)
    ? `${OPEN_METRICS};charset=utf-8;version=1.0.0`
    : "text/plain; charset=utf-8";
  const acceptEncoding = c.req.header("accept-encoding") ?? "";
  return compressedText(renderOpenMetrics(snapshot), {
    contentType,
    acceptEncoding,
  });
}
