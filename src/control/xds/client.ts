import { createClient } from "@connectrpc/connect";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { AuthToken, Config } from "../../config/mod.ts";
import type { MeshDelta } from "../../model/delta.ts";
import { slicesOf } from "../../model/slices.ts";
import type { XdsMetrics } from "../../telemetry/control_metrics.ts";
import { display, type Logger } from "../../telemetry/log.ts";
import {
  ADDRESS_TYPE,
  AggregatedDiscoveryService,
  AUTHORIZATION_TYPE,
  type DeltaDiscoveryResponse,
  MESSAGE_OCTETS_MAX,
  type NodeSchema,
  type XdsType,
} from "../../wire/xds/mod.ts";
import { GrpcSession, grpcTransport } from "../grpc/mod.ts";
import { pause } from "../pause.ts";
import { systemClock } from "../system_clock.ts";
import { KnownResources } from "./known_resources.ts";
import {
  APPLY_SLICE_MAX,
  BACKOFF_MIN_MS,
  PACE_WAIT_MS,
  SLICE_MS,
} from "./limits.ts";
import { OnDemand } from "./on_demand.ts";
import { Outbox } from "./outbox.ts";
import { type Part, readResponse, refusalText } from "./read_response.ts";
import { rehearseUpdate } from "./rehearsal.ts";
import {
  answer,
  firstRequest,
  subscription,
  type XdsRequest,
} from "./requests.ts";
import {
  describeEnd,
  kindOfEnd,
  nextDelayMs,
  shortened,
  type StreamEnd,
} from "./stream_end.ts";
import { TimeSlices } from "./time_slices.ts";

export interface XdsClientOptions {
  readonly server: NonNullable<Config["xds"]>;
  readonly authToken: AuthToken | undefined;
  readonly clusterId: string;
  readonly node: MessageInitShape<typeof NodeSchema>;
  /** Takes one step of the mesh. */
  readonly onUpdate: (delta: MeshDelta) => void;
  /** Settles when more may come: what was taken is not piled up. */
  readonly keepPace: () => Promise<void>;
  readonly metrics: XdsMetrics;
  readonly log: Logger;
  /** 0 to 1, as `Math.random`. */
  readonly random: () => number;
}

const TYPES: readonly XdsType[] = [ADDRESS_TYPE, AUTHORIZATION_TYPE];

/**
 * Follows the mesh as istiod tells it, by delta xDS. What was taken stays when
 * the server is gone; a new stream tells what is held, and gets what changed.
 *
 * @see https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol
 */
export class XdsClient {
  readonly #options: XdsClientOptions;
  readonly #known: Readonly<Record<XdsType, KnownResources>> = {
    [ADDRESS_TYPE]: new KnownResources(),
    [AUTHORIZATION_TYPE]: new KnownResources(),
  };
  readonly #onDemand: OnDemand | undefined;
  readonly #awaited: Set<XdsType>;
  readonly #synced = Promise.withResolvers<void>();
  #outbox: Outbox<XdsRequest> | undefined;
  #streams = 0;

  constructor(options: XdsClientOptions) {
    this.#options = options;
    const { onDemand } = options.server;
    this.#onDemand = onDemand
      ? new OnDemand((names) => this.#outbox?.push(subscription(names)))
      : undefined;
    this.#awaited = new Set(
      onDemand ? [AUTHORIZATION_TYPE] : [ADDRESS_TYPE, AUTHORIZATION_TYPE],
    );
  }

  /** Resolves when all that is asked for as a whole has been taken once, whole. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  /**
   * On demand: returns when the mesh has what the server knows of a name.
   * Otherwise at once: the mesh has everything.
   *
   * @throws {ControlPlaneError} when the server does not say it in time.
   */
  async want(name: string): Promise<void> {
    if (this.#known[ADDRESS_TYPE].has(name)) return;
    await this.#onDemand?.want(name);
  }

  /** Before {@link run}: has a large first update find compiled code. */
  async rehearse(): Promise<void> {
    await rehearseUpdate();
  }

  /** Follows until `signal`, whatever the server does. */
  async run(signal: AbortSignal): Promise<void> {
    let delayMs = BACKOFF_MIN_MS;
    while (!signal.aborted) {
      const id = ++this.#streams;
      const log = this.#options.log.within({ name: "xds", fields: { id } });
      const end = await this.#follow(log, signal);
      if (signal.aborted) return;
      delayMs = nextDelayMs(end, delayMs);
      const waitMs = shortened(delayMs, this.#options.random());
      this.#report(log, end, waitMs);
      await pause(systemClock, waitMs, signal);
    }
  }

  #report(log: Logger, end: StreamEnd, waitMs: number): void {
    const { metrics, server } = this.#options;
    const kind = kindOfEnd(end);
    metrics.terminated(kind);
    const why = describeEnd(end.reason);
    const retry = `retrying in ${waitMs}ms`;
    switch (kind) {
      case "Complete":
        return log.warn("XDS client complete");
      case "Reconnect":
        return log.debug(`XDS client reconnecting: ${why}, ${retry}`);
      case "ConnectionError":
        return log.warn(
          `XDS client connection error: gRPC connection error connecting to ${server.address}: ${why}, ${retry}`,
        );
      case "Error":
        return log.warn(`XDS client error: ${why}, ${retry}`);
      default:
        throw new Error(`unhandled: ${kind satisfies never}`);
    }
  }

  /** One stream, from its opening to its end. Never throws. */
  async #follow(log: Logger, signal: AbortSignal): Promise<StreamEnd> {
    let opened = false;
    let delivered = false;
    using session = new GrpcSession({ server: this.#options.server });
    const outbox = this.#outbox = this.#firstRequests();
    try {
      const responses = this.#client(session).deltaAggregatedResources(outbox, {
        signal,
        onHeader: () => {
          opened = true;
          log.info("Stream established");
        },
      });
      for await (const response of responses) {
        outbox.push(await this.#take(response, log));
        delivered = true;
      }
      return { reason: undefined, opened, delivered };
    } catch (reason) {
      return { reason, opened, delivered };
    } finally {
      this.#outbox = undefined;
      outbox.end();
    }
  }

  #client(session: GrpcSession) {
    const { server, authToken, clusterId } = this.#options;
    const transport = grpcTransport({
      session,
      server,
      authToken,
      clusterId,
      readMaxOctets: MESSAGE_OCTETS_MAX,
    });
    return createClient(AggregatedDiscoveryService, transport);
  }

  #firstRequests(): Outbox<XdsRequest> {
    const outbox = new Outbox<XdsRequest>();
    for (const type of TYPES) {
      outbox.push(firstRequest(type, {
        node: this.#options.node,
        versions: this.#known[type].versions(),
        names: type === ADDRESS_TYPE ? this.#onDemand?.names() : undefined,
      }));
    }
    return outbox;
  }

  /** @returns The answer. */
  async #take(
    response: DeltaDiscoveryResponse,
    log: Logger,
  ): Promise<XdsRequest> {
    const { typeUrl, nonce, resources } = response;
    const octets = resources.reduce((sum, { length }) => sum + length, 0);
    this.#options.metrics.received(typeUrl, octets);
    const type = TYPES.find((type) => type === typeUrl);
    if (type === undefined) {
      log.error("unknown type", { type_url: typeUrl });
      return answer(response, "");
    }
    log.debug("received response", {
      type_url: display(typeUrl),
      size: resources.length,
      removes: response.removedResources.length,
    });
    const refusal = refusalText(
      await readResponse(
        response,
        type,
        this.#known[type],
        (part) => this.#apply(part),
      ),
    );
    if (refusal === "") this.#acknowledged(type);
    else {
      const fields = { type_url: typeUrl, nonce, type: "NACK", error: refusal };
      log.error("sending response", fields);
    }
    return answer(response, refusal);
  }

  async #apply({ delta, answered }: Part): Promise<void> {
    const slices = new TimeSlices(SLICE_MS);
    for (const slice of slicesOf(delta, APPLY_SLICE_MAX)) {
      this.#options.onUpdate(slice);
      if (slices.over) await slices.next();
    }
    const enough = new AbortController();
    await Promise.race([
      this.#options.keepPace(),
      pause(systemClock, PACE_WAIT_MS, enough.signal),
    ]);
    enough.abort();
    this.#onDemand?.settle(answered);
  }

  #acknowledged(type: XdsType): void {
    if (this.#awaited.delete(type) && this.#awaited.size === 0) {
      this.#synced.resolve();
    }
  }
}
