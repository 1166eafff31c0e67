import type { Hono } from "hono";
import type { HostPort } from "../config/mod.ts";
import { messageOf } from "../base/errors.ts";
import { formatAddress } from "../model/address.ts";
import { BindError } from "../net/errors.ts";
import type { Logger } from "../telemetry/log.ts";

/** One HTTP server of the process. */
export interface ServeOptions {
  readonly at: HostPort;
  readonly component: "admin" | "stats" | "readiness";
  readonly log: Logger;
}

/**
 * Serves `app` until disposed.
 *
 * @throws {BindError} when the address cannot be had.
 */
export function serveHttp(
  app: Hono,
  { at, component, log }: ServeOptions,
): AsyncDisposable {
  const address = formatAddress({ ip: at.host, port: at.port });
  try {
    const server = Deno.serve(
      { hostname: at.host, port: at.port, onListen: () => {} },
      app.fetch,
    );
    log.info("listener established", { address, component });
    return { [Symbol.asyncDispose]: () => server.shutdown() };
  } catch (reason) {
    throw new BindError(address, messageOf(reason));
  }
}
