/** Istio's HTTP metrics, as its waypoints report them. */
import { type HttpLabelled, outcomeKey, outcomeLabels } from "./http_labels.ts";
import type {
  Cell,
  Counter,
  Histogram,
  HistogramCell,
  Registry,
} from "./metrics.ts";
import type { PeerInfo } from "./peer_info.ts";
import { waypointLabels } from "./waypoint_labels.ts";

export type { HttpLabelled } from "./http_labels.ts";

/**
 * One request with its response, when both have ended. An upgrade counts as one
 * request with code 101, when its connection ends.
 */
export interface HttpExchange extends HttpLabelled {
  /** Octets on the wire, headers included. */
  readonly requestBytes: number;
  /** Octets on the wire, headers included. */
  readonly responseBytes: number;
  /** From the first octet of the request to the last of the response. */
  readonly durationMs: number;
  /** Messages of a gRPC call; none when undefined. */
  readonly requestMessages?: number | undefined;
  readonly responseMessages?: number | undefined;
}

/** Upper bounds of every histogram, of milliseconds and of octets alike: Istio's. */
export const HTTP_BUCKETS: readonly number[] = [
  0.5,
  1,
  5,
  10,
  25,
  50,
  100,
  250,
  500,
  1_000,
  2_500,
  5_000,
  10_000,
  30_000,
  60_000,
  300_000,
  600_000,
  1_800_000,
  3_600_000,
];

/**
 * Label sets per histogram and thread. Own choice: each is 22 lines of close to
 * 1,000 characters in the exposition, so three full histograms make some
 * 120 MB of it. Counters go on to their own, higher limit.
 */
export const HISTOGRAM_SERIES_MAX = 2_000;

/** What the requests of one label set move. */
interface HttpCells {
  readonly requests: Cell;
  readonly duration: HistogramCell;
  readonly requestBytes: HistogramCell;
  readonly responseBytes: HistogramCell;
  /** Of gRPC calls only. */
  readonly messages:
    | { readonly request: Cell; readonly response: Cell }
    | undefined;
}

/** One instance a thread. */
export class HttpTrafficMetrics {
  readonly #requests: Counter;
  readonly #duration: Histogram;
  readonly #requestBytes: Histogram;
  readonly #responseBytes: Histogram;
  readonly #requestMessages: Counter;
  readonly #responseMessages: Counter;
  readonly #known = new PeerPairs<HttpCells>();

  constructor(registry: Registry) {
    this.#requests = registry.counter({
      name: "istio_requests",
      help: "The total number of HTTP requests",
    });
    this.#duration = histogram(registry, {
      name: "istio_request_duration_milliseconds",
      help: "How long requests took until their responses had ended",
      unit: "milliseconds",
    });
    this.#requestBytes = histogram(registry, {
      name: "istio_request_bytes",
      help: "The size of requests on the wire",
      unit: "bytes",
    });
    this.#responseBytes = histogram(registry, {
      name: "istio_response_bytes",
      help: "The size of responses on the wire",
      unit: "bytes",
    });
    this.#requestMessages = registry.counter({
      name: "istio_request_messages",
      help: "The total number of gRPC messages that clients sent",
    });
    this.#responseMessages = registry.counter({
      name: "istio_response_messages",
      help: "The total number of gRPC messages that servers sent",
    });
  }

  record(exchange: HttpExchange): void {
    const cells = this.#cellsOf(exchange);
    cells.requests.value++;
    cells.duration.observe(exchange.durationMs);
    cells.requestBytes.observe(exchange.requestBytes);
    cells.responseBytes.observe(exchange.responseBytes);
    if (cells.messages === undefined) return;
    cells.messages.request.value += exchange.requestMessages ?? 0;
    cells.messages.response.value += exchange.responseMessages ?? 0;
  }

  #cellsOf(exchange: HttpExchange): HttpCells {
    const between = this.#known.of(exchange.source, exchange.destination);
    const key = outcomeKey(exchange);
    const known = between.get(key);
    if (known !== undefined) return known;
    const roomy = !this.#requests.isFull;
    const made = this.#makeCells(exchange);
    // A label set past the limit is not remembered either.
    if (roomy) between.set(key, made);
    return made;
  }

  #makeCells(exchange: HttpExchange): HttpCells {
    const ends = waypointLabels(exchange);
    const labels = `${ends},${outcomeLabels(exchange)}`;
    return {
      requests: this.#requests.at(labels),
      duration: this.#duration.at(labels),
      requestBytes: this.#requestBytes.at(labels),
      responseBytes: this.#responseBytes.at(labels),
      messages: exchange.requestProtocol === "grpc"
        ? this.#messageCells(ends)
        : undefined,
    };
  }

  /** By the two ends alone: Istio counts messages before it knows how the call ends. */
  #messageCells(ends: string) {
    return {
      request: this.#requestMessages.at(ends),
      response: this.#responseMessages.at(ends),
    };
  }
}

const histogram = (
  registry: Registry,
  family: { name: string; help: string; unit: string },
): Histogram =>
  registry.histogram(
    { ...family, seriesMax: HISTOGRAM_SERIES_MAX },
    HTTP_BUCKETS,
  );

/** Stands in for a peer that is not known. */
const NOBODY: object = {};

/** What is remembered of two peers, no longer than the records of both are in use. */
class PeerPairs<Value> {
  readonly #bySource = new WeakMap<
    object,
    WeakMap<object, Map<string, Value>>
  >();

  of(
    source: PeerInfo | undefined,
    destination: PeerInfo | undefined,
  ): Map<string, Value> {
    const bySource = this.#bySource;
    const byDestination = bySource.get(source ?? NOBODY) ??
      added(bySource, source ?? NOBODY, new WeakMap());
    return byDestination.get(destination ?? NOBODY) ??
      added(byDestination, destination ?? NOBODY, new Map());
  }
}

function added<Value>(
  map: WeakMap<object, Value>,
  key: object,
  value: Value,
): Value {
  map.set(key, value);
  return value;
}
