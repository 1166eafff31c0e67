import { Hono } from "hono";

/**
 * The readiness server, for the kubelet.
 *
 * @param read `pending` names what is still awaited, and a drain under way.
 */
export function readinessApp(
  read: { pending(): readonly string[] },
): Hono {
  const app = new Hono();
  app.get("/healthz/ready", (c) => {
    const pending = [...read.pending()].sort();
    return pending.length === 0
      ? c.text("ready\n")
      : c.text(`not ready, pending: ${pending.join(", ")}\n`, 503);
  });
  app.all("/healthz/ready", (c) => c.body(null, 405));
  app.notFound((c) => c.body(null, 404));
  return app;
}
