import { Hono } from "hono";
import { messageOf } from "../base/errors.ts";
import type { MetricsSnapshot } from "../telemetry/metrics.ts";
import { inertResponses, loopbackOnly, smallRequests } from "./admin_guard.ts";
import { compressedText } from "./compression.ts";
import { toConfigDump } from "./config_dump.ts";
import { type Explain, explainRoute } from "./explain_route.ts";
import { INDEX_PAGE } from "./index_page.ts";
import { sortedJson } from "./json.ts";
import { loggingRoute, type LogLevels } from "./logging_route.ts";
import { metricsResponse } from "./metrics_response.ts";
import type { ConfigDump } from "./rows.ts";

/** All that the admin server can see and do. */
export interface AdminSources {
  dump(): Promise<ConfigDump>;
  metrics(): Promise<MetricsSnapshot>;
  /** What would become of a connection. */
  readonly explain: Explain;
  readonly logging: LogLevels;
  /** Begins the drain and returns at once. */
  quit(): void;
}

/**
 * The admin server, for this machine only. Routes that are added to it later
 * stand behind the same guards.
 */
export function adminApp(sources: AdminSources): Hono {
  const app = new Hono();
  app.use(inertResponses, loopbackOnly, smallRequests);
  app.all("/", (c) => c.html(INDEX_PAGE));
  app.all(
    "/config_dump",
    async (c) =>
      compressedText(sortedJson(toConfigDump(await sources.dump())), {
        contentType: "application/json",
        acceptEncoding: c.req.header("accept-encoding") ?? "",
      }),
  );
  app.all("/explain", (c) => explainRoute(c, sources.explain));
  app.all("/logging", (c) => loggingRoute(c, sources.logging));
  app.all("/metrics", async (c) => metricsResponse(c, await sources.metrics()));
  app.post("/quitquitquit", (c) => {
    sources.quit();
    return c.text("shutdown now\n");
  });
  app.all("/quitquitquit", (c) => c.body(null, 405));
  app.notFound((c) => c.body(null, 404));
  app.onError((error, c) => c.text(messageOf(error), 500));
  return app;
}
