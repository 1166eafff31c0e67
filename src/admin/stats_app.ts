import { Hono } from "hono";
import type { MetricsSnapshot } from "../telemetry/metrics.ts";
import { metricsResponse } from "./metrics_response.ts";

/** The metrics server, for scrapers on the network. */
export function statsApp(
  read: { metrics(): Promise<MetricsSnapshot> },
): Hono {
  const app = new Hono();
  for (const path of ["/metrics", "/stats/prometheus"]) {
    app.all(path, async (c) => metricsResponse(c, await read.metrics()));
  }
  app.notFound((c) => c.body(null, 404));
  return app;
}
