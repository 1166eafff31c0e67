/** ztunnel's access log: one line when a connection ends, and one when it opens. */
import { formatAddress, type SocketAddress } from "../model/address.ts";
import { display, type Fields, type Logger } from "./log.ts";
import type { PeerInfo } from "./peer_info.ts";
import type { TrafficContext } from "./traffic_context.ts";

/** What one connection came to. */
export interface ConnectionOutcome {
  /** As in the metrics: what the client sent. */
  readonly received: number;
  /** As in the metrics: what the server sent. */
  readonly sent: number;
  readonly durationMs: number;
  /** Absent when it went well. */
  readonly error?: string;
}

/** A connection that ended before its labels were known. */
export interface EarlyFailure {
  readonly src: SocketAddress;
  readonly dst: SocketAddress;
  readonly direction: "inbound" | "outbound";
  readonly error: string;
}

export class AccessLog {
  readonly #logger: Logger;

  /** @param logger Of the scope `access`. */
  constructor(logger: Logger) {
    this.#logger = logger;
  }

  opened(context: TrafficContext): void {
    if (!this.#logger.enabled("debug")) return;
    this.#logger.debug("connection opened", connectionFields(context));
  }

  complete(context: TrafficContext, outcome: ConnectionOutcome): void {
    const level = outcome.error === undefined ? "info" : "error";
    if (!this.#logger.enabled(level)) return;
    this.#logger[level]("connection complete", {
      ...connectionFields(context),
      ...outcomeFields(context, outcome),
    });
  }

  failed({ src, dst, direction, error }: EarlyFailure): void {
    this.#logger.warn("connection failed", {
      "src.addr": display(formatAddress(src)),
      "dst.addr": display(formatAddress(dst)),
      direction,
      error,
    });
  }
}

/** In ztunnel's order; what is unknown is left out. */
function connectionFields(context: TrafficContext): Fields {
  const { source, destination, mutualTls, hboneAddress } = context;
  return {
    "src.addr": display(formatAddress(context.src)),
    "src.workload": nameOf(source),
    "src.namespace": source?.namespace || undefined,
    "src.identity": mutualTls ? context.sourcePrincipal : undefined,
    "src.cluster": source?.cluster || undefined,
    "dst.addr": display(formatAddress(context.dst)),
    "dst.hbone_addr": hboneAddress === undefined
      ? undefined
      : display(hboneAddress),
    "dst.service": context.service?.hostname,
    "dst.workload": nameOf(destination),
    "dst.namespace": destination?.namespace || undefined,
    "dst.identity": mutualTls ? context.destinationPrincipal : undefined,
    "dst.cluster": destination?.cluster || undefined,
    direction: context.reporter === "source" ? "outbound" : "inbound",
    "waypoint.bypass": context.bypass,
  };
}

/** The pod, or else the service that the peer says it belongs to. */
const nameOf = (peer: PeerInfo | undefined): string | undefined =>
  peer?.podName || peer?.canonicalName || undefined;

/** Bytes as the proxied pod sees them, unlike in the metrics. */
function outcomeFields(
  { reporter }: TrafficContext,
  { received, sent, durationMs, error }: ConnectionOutcome,
): Fields {
  const [out, back] = reporter === "source"
    ? [received, sent]
    : [sent, received];
  return {
    "bytes_sent": out,
    "bytes_recv": back,
    duration: `${Math.round(durationMs)}ms`,
    error,
  };
}
