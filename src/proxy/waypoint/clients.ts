/** A client's HTTP connection, as far as its end is concerned. */
export interface ClientSession {
  /** Ends after the requests in progress. */
  drain(): void;
}

/** The HTTP connections of a waypoint's clients, to end them together. */
export class Clients {
  readonly #open = new Set<ClientSession>();
  #draining = false;

  add(session: ClientSession): void {
    this.#open.add(session);
    if (this.#draining) session.drain();
  }

  delete(session: ClientSession): void {
    this.#open.delete(session);
  }

  /** Tells all clients, now and later, that this connection takes no more. */
  drain(): void {
    this.#draining = true;
    for (const session of [...this.#open]) session.drain();
  }
}
