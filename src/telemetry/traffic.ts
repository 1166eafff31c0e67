/** Istio's TCP metrics, as ztunnel and waypoints report them. */
import { KnownTraffic } from "./known_traffic.ts";
import type { Cell, Counter, Gauge, Registry } from "./metrics.ts";
import type {
  ConnectionFlag,
  Reporter,
  TrafficContext,
} from "./traffic_context.ts";
import {
  type TrafficLabels,
  trafficLabels,
  withFlag,
} from "./traffic_labels.ts";

export { peerOfBaggage, peerOfResponse, peerOfWorkload } from "./peer_info.ts";
export type { PeerInfo } from "./peer_info.ts";
export type * from "./traffic_context.ts";

/** The cells that every connection of one label set moves. */
interface SharedCells {
  readonly labels: TrafficLabels;
  readonly opened: Cell;
  readonly received: Cell;
  readonly sent: Cell;
  /** Of those that ended well; undefined until one has. */
  closed?: Cell;
}

/** Families of `istio_tcp_*`; one instance a thread. */
export class TrafficMetrics {
  readonly #opened: Counter;
  readonly #closed: Counter;
  readonly #failed: Counter;
  readonly #received: Counter;
  readonly #sent: Counter;
  readonly #socketsOpen: Gauge;
  /** The gauge's cells, by reporter. */
  readonly #sockets = new Map<Reporter, Cell>();
  readonly #shared = new Map<string, SharedCells>();
  readonly #known = new KnownTraffic<SharedCells>();

  constructor(registry: Registry) {
    this.#opened = registry.counter({
      name: "istio_tcp_connections_opened",
      help: "The total number of TCP connections opened",
    });
    this.#closed = registry.counter({
      name: "istio_tcp_connections_closed",
      help: "The total number of TCP connections closed",
    });
    this.#failed = registry.counter({
      name: "istio_tcp_connections_failed",
      help:
        "The total number of TCP connections that were closed with a response flag (unstable)",
    });
    this.#received = registry.counter({
      name: "istio_tcp_received_bytes",
      help: "The total size of what clients sent over TCP connections",
      unit: "bytes",
    });
    this.#sent = registry.counter({
      name: "istio_tcp_sent_bytes",
      help: "The total size of what servers sent over TCP connections",
      unit: "bytes",
    });
    this.#socketsOpen = registry.gauge({
      name: "istio_tcp_sockets_open",
      help: "The number of accepted sockets that are open (unstable)",
    });
  }

  /** Accepted sockets of either direction: one up on accept, one down when it is gone. */
  socketsOpen(reporter: Reporter): Cell {
    const known = this.#sockets.get(reporter);
    if (known !== undefined) return known;
    const made = this.#socketsOpen.with({ reporter });
    this.#sockets.set(reporter, made);
    return made;
  }

  /**
   * Counts a connection whose labels are known: outbound before it connects,
   * inbound before policy decides. Its record must be closed once.
   */
  open(context: TrafficContext): TrafficRecord {
    const cells = this.#cellsOf(context);
    cells.opened.value++;
    return new TrafficRecord(cells, (flag) => this.#close(cells, flag));
  }

  #cellsOf(context: TrafficContext): SharedCells {
    const known = this.#known.get(context);
    if (known !== undefined) return known;
    const { cells, isKept } = this.#cellsByLabels(context);
    if (isKept) this.#known.set(context, cells);
    return cells;
  }

  #cellsByLabels(
    context: TrafficContext,
  ): { readonly cells: SharedCells; readonly isKept: boolean } {
    const labels = trafficLabels(context);
    const text = withFlag(labels, "-");
    const known = this.#shared.get(text);
    if (known !== undefined) return { cells: known, isKept: true };
    const isKept = !this.#opened.isFull;
    const cells = {
      labels,
      opened: this.#opened.at(text),
      received: this.#received.at(text),
      sent: this.#sent.at(text),
    };
    // A label set past the limit is not remembered either.
    if (isKept) this.#shared.set(text, cells);
    return { cells, isKept };
  }

  #close(cells: SharedCells, flag: ConnectionFlag): void {
    const text = () => withFlag(cells.labels, flag);
    if (flag !== "-") {
      this.#closed.at(text()).value++;
      this.#failed.at(text()).value++;
      return;
    }
    const closed = cells.closed ?? this.#closed.at(text());
    closed.value++;
    if (!this.#closed.isFull) cells.closed = closed;
  }
}

/**
 * One open connection. "Received" is what the client sent and "sent" what the
 * server sent, whichever side reports: Istio's historical naming.
 */
export class TrafficRecord {
  readonly #cells: { readonly received: Cell; readonly sent: Cell };
  #onClose: ((flag: ConnectionFlag) => void) | undefined;
  #received = 0;
  #sent = 0;

  /** Made by {@link TrafficMetrics.open}. */
  constructor(
    cells: { readonly received: Cell; readonly sent: Cell },
    onClose: (flag: ConnectionFlag) => void,
  ) {
    this.#cells = cells;
    this.#onClose = onClose;
  }

  /** Payload bytes that were written towards the server. */
  addReceived(bytes: number): void {
    this.#received += bytes;
    this.#cells.received.value += bytes;
  }

  /** Payload bytes that were written towards the client. */
  addSent(bytes: number): void {
    this.#sent += bytes;
    this.#cells.sent.value += bytes;
  }

  get received(): number {
    return this.#received;
  }

  get sent(): number {
    return this.#sent;
  }

  /** Counts the end; only the first call does. */
  close(flag: ConnectionFlag): void {
    this.#onClose?.(flag);
    this.#onClose = undefined;
  }
}
