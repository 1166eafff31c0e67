/** A data worker of a waypoint: its own pod, which takes tunnels only. */
import type { KeyReport } from "../model/key_set.ts";
import { KeyCache } from "../control/jwks/mod.ts";
import { systemClock } from "../control/system_clock.ts";
import { serveInboundTunnel } from "../proxy/inbound_tunnel.ts";
import { VerifiedTokens } from "../proxy/tokens/mod.ts";
import { Clients } from "../proxy/waypoint/clients.ts";
import {
  serveWaypointConnect,
  type Waypoint,
} from "../proxy/waypoint/connect.ts";
import { Loads } from "../proxy/waypoint/loads.ts";
import { Upstreams } from "../proxy/waypoint/upstreams.ts";
import { type WaypointOrders, WaypointView } from "../proxy/waypoint/view.ts";
import { HttpAccessLog } from "../telemetry/http_access_log.ts";
import type { HttpTelemetry } from "../telemetry/http_telemetry.ts";
import { HttpTrafficMetrics } from "../telemetry/http_traffic.ts";
import {
  INBOUND_HBONE_PORT,
  type MakePart,
  type PartOptions,
  type Role,
  type WorkerPart,
} from "./worker_part.ts";

class WaypointPart implements WorkerPart {
  readonly roles: readonly Role[];
  readonly #keys: KeyCache;
  readonly #parts: Omit<Waypoint, "view">;
  /** One object for ever: connections that are open look into it too. */
  #waypoint: Waypoint & { view: WaypointView } | undefined;

  constructor(options: PartOptions) {
    const { context } = options;
    const log = context.log("worker");
    this.#keys = new KeyCache({
      fetch,
      clock: systemClock,
      onFailure: (why) => log.warn("cannot fetch keys", { why }),
    });
    this.roles = [roleOf(() => this.#waypoint)];
    this.#parts = {
      upstreams: new Upstreams(context),
      clients: new Clients(),
      loads: new Loads(),
      tokens: {
        keys: this.#keys,
        verified: new VerifiedTokens(),
        nowMs: () => Date.now(),
      },
      telemetry: httpTelemetry(options),
    };
  }

  follow(orders: WaypointOrders): void {
    const view = new WaypointView(orders);
    this.#keys.follow(view.keySources());
    if (this.#waypoint !== undefined) this.#waypoint.view = view;
    else this.#waypoint = { ...this.#parts, view };
  }

  keyReports(): readonly KeyReport[] {
    return this.#keys.reports();
  }

  refuseNew(): void {
    this.#parts.clients.drain();
  }

  drain(): void {
    this.#parts.upstreams.drain();
  }
}

export const makeWaypointPart: MakePart = (options) =>
  new WaypointPart(options);

const roleOf = (current: () => Waypoint | undefined): Role => ({
  component: "inbound",
  port: INBOUND_HBONE_PORT,
  reporter: "destination",
  redirected: false,
  serve: (context, pod, accepted) =>
    serveInboundTunnel(context, pod, accepted, (tunnel, stream, headers) => {
      const waypoint = current();
      if (waypoint === undefined) throw new Error("no orders yet");
      return serveWaypointConnect(waypoint, tunnel, stream, headers);
    }),
});

const httpTelemetry = (
  { registry, logging, logFormat }: PartOptions,
): HttpTelemetry => ({
  metrics: new HttpTrafficMetrics(registry),
  accessLog: new HttpAccessLog({
    logger: logging.scope("access"),
    format: logFormat,
    write: (line) => logging.writeLine(line),
  }),
});
