import type { H2Session } from "./h2_session.ts";

/** The HTTP/2 sessions that one owner has open, to end them together. */
export class SessionSet {
  readonly #sessions = new Set<H2Session>();
  #ending: "drain" | "destroy" | undefined;
  #empty: PromiseWithResolvers<void> | undefined;

  get size(): number {
    return this.#sessions.size;
  }

  add(session: H2Session): void {
    if (session.closed) return;
    this.#sessions.add(session);
    if (this.#ending !== undefined) session[this.#ending]();
  }

  delete(session: H2Session): void {
    this.#sessions.delete(session);
    if (this.#sessions.size > 0) return;
    this.#empty?.resolve();
    this.#empty = undefined;
  }

  /** Resolves when none is open, now or later. */
  whenEmpty(): Promise<void> {
    if (this.#sessions.size === 0) return Promise.resolve();
    this.#empty ??= Promise.withResolvers();
    return this.#empty.promise;
  }

  /** GOAWAY to all, now and later; streams in progress finish. */
  drain(): void {
    this.#ending ??= "drain";
    for (const session of [...this.#sessions]) session.drain();
  }

  /** Drops all at once, now and later. */
  destroy(): void {
    this.#ending = "destroy";
    for (const session of [...this.#sessions]) session.destroy();
  }
}
