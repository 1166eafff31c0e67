import { setImmediate } from "node:timers";
import type { PackedDelta } from "../model/packed_workload.ts";
import { slicesOf } from "../model/slices.ts";
import { PIECE_ENTRIES, PIECE_MS } from "./limits.ts";
import type { ToWorker } from "./messages.ts";

/** What a worker is told to do once it has started. */
export type Order = Exclude<ToWorker, { kind: "start" }>;

type MeshOrder = Extract<Order, { kind: "mesh" }>;

/** Who does what orders say. */
export interface OrderTaker {
  /** Takes a piece of a change of the mesh; the rest follows. */
  applyMesh(piece: PackedDelta): void;
  /** Carries out an order, of the mesh when all of it has been applied. */
  handle(order: Order): void;
}

/**
 * Carries out orders in the order in which they come. A change of the mesh is
 * applied in pieces, between which the thread hears its connections; what comes
 * behind it waits. Only a question whether the thread is there is answered at
 * once.
 */
export class OrderQueue {
  readonly #taker: OrderTaker;
  readonly #later: (act: () => void) => void;
  readonly #waiting: Order[] = [];
  #busy = false;

  /** @param later Calls back after everybody else's turn. */
  constructor(
    taker: OrderTaker,
    later: (act: () => void) => void = setImmediate,
  ) {
    this.#taker = taker;
    this.#later = later;
  }

  /** Takes an order; it may be carried out later. */
  take(order: Order): void {
    if (order.kind === "ping") return this.#taker.handle(order);
    this.#waiting.push(order);
    if (!this.#busy) this.#next();
  }

  #next(): void {
    this.#busy = false;
    while (!this.#busy) {
      const order = this.#waiting.shift();
      if (order === undefined) return;
      if (order.kind === "mesh") this.#applyInPieces(order);
      else this.#taker.handle(order);
    }
  }

  #applyInPieces(order: MeshOrder): void {
    this.#busy = true;
    const pieces = slicesOf(order.delta, PIECE_ENTRIES);
    const go = (): void => {
      let done = false;
      try {
        done = this.#applySome(pieces);
      } finally {
        // Whatever becomes of a piece, those behind it are applied.
        if (!done) this.#later(go);
      }
      if (!done) return;
      this.#taker.handle(order);
      this.#next();
    };
    go();
  }

  /** @returns Whether no piece is left. */
  #applySome(pieces: Iterator<PackedDelta>): boolean {
    const endMs = performance.now() + PIECE_MS;
    do {
      const { done, value } = pieces.next();
      if (done === true) return true;
      this.#taker.applyMesh(value);
    } while (performance.now() < endMs);
    return false;
  }
}
