/** What a waypoint reports of one request. */
import { headerValue } from "../../decide/http/header_list.ts";
import { isGrpc } from "../../decide/http/local_reply.ts";
import { formatIdentity } from "../../model/identity.ts";
import type { HeaderList, HttpRequest } from "../../model/http.ts";
import type { HttpTelemetry } from "../../telemetry/http_telemetry.ts";
import type { EnvoyFlag } from "../../telemetry/response_flags.ts";
import { peerOfWorkload } from "../../telemetry/traffic.ts";
import type { WaypointCall } from "./call.ts";
import type { GrpcTally } from "./grpc_tally.ts";
import type { Hop, HttpVersion } from "./upstreams.ts";

/** How a request ended, for log and metrics. */
export interface RequestOutcome {
  /** 0 when the client left before there was one. */
  readonly status: number;
  readonly flags: readonly EnvoyFlag[];
  /** Who decided about the response and why. */
  readonly details?: string | undefined;
  /** `namespace/name` of the policy that decided. */
  readonly policy?: string | undefined;
  readonly routeName?: string | undefined;
  readonly requestOctets: number;
  readonly responseOctets: number;
  /** Of the response, when there was one. */
  readonly headers?: HeaderList | undefined;
  /** Of a gRPC call that reached a backend. */
  readonly grpc?: GrpcTally | undefined;
}

const PROTOCOLS: Readonly<Record<HttpVersion, string>> = {
  http1: "HTTP/1.1",
  http2: "HTTP/2",
};

/** One request from its head to its end; finished exactly once. */
export class RequestRecord {
  readonly #call: WaypointCall;
  readonly #telemetry: HttpTelemetry;
  readonly #version: HttpVersion;
  readonly #start = new Date();
  readonly #startMs = performance.now();
  #request: HttpRequest | undefined;
  #hop: Hop | undefined;

  constructor(
    call: WaypointCall,
    telemetry: HttpTelemetry,
    version: HttpVersion,
  ) {
    this.#call = call;
    this.#telemetry = telemetry;
    this.#version = version;
  }

  /** As the client sent it. */
  received(request: HttpRequest): void {
    this.#request = request;
  }

  /** Where it is being sent. */
  sentTo(hop: Hop): void {
    this.#hop = hop;
  }

  /** What the client speaks, as `HTTP/1.1`. */
  get protocol(): string {
    return PROTOCOLS[this.#version];
  }

  get elapsedMs(): number {
    return performance.now() - this.#startMs;
  }

  finish(outcome: RequestOutcome): void {
    this.#count(outcome);
    this.#log(outcome);
  }

  #count(outcome: RequestOutcome): void {
    const { context, caller, target, workload } = this.#call;
    const grpc = this.#request !== undefined && isGrpc(this.#request.headers);
    const source = context.mesh.workloadByIp(workload.network, caller.src.ip);
    const destination = this.#hop?.route.destination;
    const { headers, grpc: tally } = outcome;
    const status = tally?.statusOf(headers) ??
      (headers && headerValue(headers, "grpc-status"));
    this.#telemetry.metrics.record({
      source: source && peerOfWorkload(source),
      sourcePrincipal: caller.identity && formatIdentity(caller.identity),
      destination: destination && peerOfWorkload(destination),
      destinationPrincipal: destination && formatIdentity(destination),
      service: target.kind === "service" ? target.service : undefined,
      mutualTls: caller.identity !== undefined,
      requestProtocol: grpc ? "grpc" : "http",
      responseCode: outcome.status,
      grpcStatus: status === undefined ? undefined : Number(status),
      requestMessages: tally?.requestMessages,
      responseMessages: tally?.responseMessages,
      responseFlags: outcome.flags,
      requestBytes: outcome.requestOctets,
      responseBytes: outcome.responseOctets,
      durationMs: this.elapsedMs,
    });
  }

  #log(outcome: RequestOutcome): void {
    const { caller, target, dst } = this.#call;
    const route = this.#hop?.route;
    this.#telemetry.accessLog.complete({
      start: this.#start,
      request: this.#request,
      protocol: this.protocol,
      responseCode: outcome.status,
      responseFlags: outcome.flags,
      responseCodeDetails: outcome.details,
      bytesReceived: outcome.requestOctets,
      bytesSent: outcome.responseOctets,
      durationMs: this.elapsedMs,
      backend: target.kind === "service"
        ? { hostname: target.service.hostname, port: target.port }
        : undefined,
      upstream: route && {
        address: route.kind === "hbone" && route.via === "direct"
          ? route.pod
          : route.to,
        tunnelled: route.kind === "hbone",
      },
      downstreamLocal: dst,
      downstreamRemote: caller.src,
      routeName: outcome.routeName,
      policy: outcome.policy,
      hairpin: caller.hairpinned
        ? { source: caller.identity && formatIdentity(caller.identity) }
        : undefined,
    });
  }
}
