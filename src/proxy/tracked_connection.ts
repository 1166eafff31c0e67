import { messageOf } from "../base/errors.ts";
import type { ByteStream } from "../net/byte_stream.ts";
import {
  type LaneMeter,
  type LaneName,
  startLaneRelay,
} from "../net/kernel_lane/mod.ts";
import { type Relay, startRelay } from "../net/relay.ts";
import { isReleasable } from "../net/releasable_stream.ts";
import type { TrafficContext, TrafficRecord } from "../telemetry/traffic.ts";
import { Cancellation } from "./cancellation.ts";
import type { ConnectionRow, OpenConnection } from "./connection_table.ts";
import type { ProxyContext, ServedPod } from "./context.ts";
import { cancelFailure, type Failure, relayFailure } from "./failure.ts";

export interface TrackOptions {
  readonly traffic: TrafficContext;
  readonly row: ConnectionRow;
  /** Inbound only. */
  readonly stillAllowed?: () => boolean;
  /** Whether {@link TrackedConnection.identify} will say who it goes to. Default: it is known. */
  readonly unidentified?: boolean;
}

/** How a connection ended that had begun to carry octets: its tunnel was told 200. */
export interface CarriedEnd {
  readonly status: 200;
  readonly failure: Failure | undefined;
  /** Whether we ended it. */
  readonly cut: boolean;
}

/**
 * One connection from the moment its labels are known: it is counted, logged
 * and listed, can be ended from outside, and is finished exactly once.
 *
 * Nothing is suspended here while it lasts, and nothing should be in whoever
 * calls: a suspended function takes half a kilobyte of each connection.
 */
export class TrackedConnection implements LaneMeter {
  readonly cancellation = new Cancellation();
  readonly #context: ProxyContext;
  readonly #pod: ServedPod;
  #traffic: TrafficContext;
  /** undefined until it is known who it goes to. */
  #record: TrafficRecord | undefined;
  readonly #entry: OpenConnection;
  readonly #startMs = performance.now();

  constructor(context: ProxyContext, pod: ServedPod, options: TrackOptions) {
    const { traffic, row, stillAllowed, unidentified = false } = options;
    this.#context = context;
    this.#pod = pod;
    this.#traffic = traffic;
    this.#entry = {
      row,
      cancellation: this.cancellation,
      ...(stillAllowed === undefined ? {} : { stillAllowed }),
    };
    pod.connections.add(this.#entry);
    context.figures.lane(row.lane).value++;
    if (!unidentified) this.#open();
  }

  /** Says who it goes to, as its labels tell: once, and before the first octet. */
  identify(traffic: TrafficContext): void {
    this.#traffic = traffic;
    this.#open();
  }

  #open(): TrafficRecord {
    this.#record = this.#context.traffic.open(this.#traffic);
    this.#context.accessLog.opened(this.#traffic);
    return this.#record;
  }

  /** Octets from the client to the server. */
  forward(octets: number): void {
    this.#record?.addReceived(octets);
  }

  /** Octets from the server to the client. */
  backward(octets: number): void {
    this.#record?.addSent(octets);
  }

  /** User space does not see its octets from here on. */
  onLane(relay: LaneName): void {
    this.#entry.row = { ...this.#entry.row, relay };
    this.#context.figures.kernelRelay(this.#entry.row.lane, relay).value++;
  }

  /**
   * Carries octets until both sides are done, or somebody cancels.
   *
   * @param also Told of the same octets.
   * @returns both sides are gone by then, in good order or reset.
   */
  carry(
    downstream: ByteStream,
    upstream: ByteStream,
    also?: LaneMeter,
  ): Promise<CarriedEnd> {
    const meter = also === undefined ? this : both(this, also);
    const relay = this.#relay(downstream, upstream, meter);
    this.cancellation.during(() => relay.cut());
    return relay.ended.then((end) => {
      const cut = end.how === "cut";
      const failure = cut ? this.cancelled() : relayFailure(end);
      return { status: 200, failure, cut };
    });
  }

  /** Past user space where that can be: it has no TLS. */
  #relay(a: ByteStream, b: ByteStream, meter: LaneMeter): Relay {
    const { kernelLanes } = this.#context;
    return kernelLanes && isReleasable(a) && isReleasable(b)
      ? startLaneRelay(kernelLanes, a, b, meter)
      : startRelay(a, b, meter);
  }

  /** What to say when it was cancelled. */
  cancelled(): Failure {
    return cancelFailure(this.cancellation.reason);
  }

  /**
   * Runs what becomes of it, and finishes it whatever happens.
   *
   * @param onFinished Called when it went as far as an end.
   * @throws what `run` throws.
   */
  finishAfter<End extends { readonly failure: Failure | undefined }>(
    run: () => Promise<End>,
    onFinished?: () => void,
  ): Promise<End> {
    return run().then((end) => {
      this.finish(end.failure);
      onFinished?.();
      return end;
    }, (reason: unknown) => {
      this.finish({ flag: "CONNECT", error: messageOf(reason) });
      throw reason;
    });
  }

  finish(failure: Failure | undefined): void {
    this.#pod.connections.remove(this.#entry);
    const record = this.#record ?? this.#open();
    record.close(failure?.flag ?? "-");
    this.#context.accessLog.complete(this.#traffic, {
      received: record.received,
      sent: record.sent,
      durationMs: performance.now() - this.#startMs,
      ...(failure === undefined ? {} : { error: failure.error }),
    });
  }
}

const both = (a: LaneMeter, b: LaneMeter): LaneMeter => ({
  forward(octets) {
    a.forward(octets);
    b.forward(octets);
  },
  backward(octets) {
    a.backward(octets);
    b.backward(octets);
  },
  onLane(lane) {
    a.onLane(lane);
    b.onLane(lane);
  },
});
