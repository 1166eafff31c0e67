import type { SocketAddress } from "../model/address.ts";
import type { LaneName } from "../net/kernel_lane/mod.ts";
import type { Lane } from "../telemetry/hairpin_metrics.ts";
import type { Cancellation } from "./cancellation.ts";

/** What is shown of an open connection; plain data. */
export interface ConnectionRow {
  readonly direction: "inbound" | "outbound";
  readonly src: SocketAddress;
  /** Outbound: what the application asked for. Inbound: the service named by the peer, if any. */
  readonly originalDst?: string;
  readonly actualDst: SocketAddress;
  readonly protocol: "HBONE" | "TCP" | "DOUBLEHBONE";
  readonly lane: Lane;
  /** Who moves the octets. */
  readonly relay: LaneName | "user";
}

/** An open connection: what is shown of it, and the handle to end it. */
export interface OpenConnection {
  row: ConnectionRow;
  readonly cancellation: Cancellation;
  /** Inbound only: asks policy again; false when it is no longer allowed. */
  stillAllowed?(): boolean;
}

/** The open connections of one pod in one worker. */
export class ConnectionTable {
  readonly #open = new Set<OpenConnection>();
  #empty: PromiseWithResolvers<void> | undefined;
  /** Why everything was ended, once it was. */
  #ended: "drain" | "pod-removed" | undefined;

  get size(): number {
    return this.#open.size;
  }

  add(connection: OpenConnection): void {
    this.#open.add(connection);
    if (this.#ended !== undefined) connection.cancellation.cancel(this.#ended);
  }

  remove(connection: OpenConnection): void {
    this.#open.delete(connection);
    if (this.#open.size > 0) return;
    this.#empty?.resolve();
    this.#empty = undefined;
  }

  rows(): ConnectionRow[] {
    return Array.from(this.#open, ({ row }) => row);
  }

  /** Ends every inbound connection that policy no longer allows. */
  recheck(): void {
    for (const connection of [...this.#open]) {
      if (connection.stillAllowed?.() === false) {
        connection.cancellation.cancel("policy");
      }
    }
  }

  /** Ends everything at once, also what was on its way here. */
  cancelAll(why: "drain" | "pod-removed"): void {
    this.#ended ??= why;
    for (const connection of [...this.#open]) {
      connection.cancellation.cancel(why);
    }
  }

  /** Resolves when no connection is open, now or later. */
  whenEmpty(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    this.#empty ??= Promise.withResolvers();
    return this.#empty.promise;
  }
}
