/** What makes a data worker a node's or a waypoint's; each one loads only its own. */
import type { KeyReport } from "../model/key_set.ts";
import type { Accepted } from "../net/listen.ts";
import type { ProxyContext, ServedPod } from "../proxy/context.ts";
import type { WaypointOrders } from "../proxy/waypoint/view.ts";
import type { LogFormat, Logging } from "../telemetry/log.ts";
import type { Registry } from "../telemetry/metrics.ts";
import type { Reporter } from "../telemetry/traffic.ts";

export const INBOUND_HBONE_PORT = 15_008;

/** What one kind of listener does with a connection. */
export interface Role {
  readonly component: string;
  readonly port: number;
  readonly reporter: Reporter;
  /**
   * Whether connections come by the pod's rules. Those are an application's own
   * and get keepalive; a tunnel comes straight and has its own PINGs.
   */
  readonly redirected: boolean;
  /** Whether it listens on 127.0.0.1 alone. Default false. */
  readonly loopback?: true;
  serve(
    context: ProxyContext,
    pod: ServedPod,
    accepted: Accepted,
  ): Promise<unknown>;
}

export interface WorkerPart {
  /** In the order in which they open. */
  readonly roles: readonly Role[];
  /** Does as a waypoint is told from now on. */
  follow(orders: WaypointOrders): void;
  /** What is known of the keys that tokens are verified with. */
  keyReports(): readonly KeyReport[];
  /** Has clients that hold connections come back elsewhere. */
  refuseNew(): void;
  /** Lets what it opened itself end; nothing needs it any more. */
  drain(): void;
}

/** What the whole worker lends to its part. */
export interface PartOptions {
  readonly context: ProxyContext;
  readonly registry: Registry;
  readonly logging: Logging;
  readonly logFormat: LogFormat;
}

export type MakePart = (options: PartOptions) => WorkerPart;
