import type { Http1Session } from "../../net/http1_session.ts";
import { IDLE_UPSTREAM_MS, IDLE_UPSTREAMS_MAX } from "./limits.ts";

interface Idle {
  readonly session: Http1Session;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** HTTP/1.1 connections that wait for another request, by what they lead to. */
export class Http1Pool {
  readonly #idle = new Map<string, Idle[]>();
  readonly #idleMs: number;
  #draining = false;

  /** @param idleMs Default {@link IDLE_UPSTREAM_MS}. */
  constructor(idleMs = IDLE_UPSTREAM_MS) {
    this.#idleMs = idleMs;
  }

  /** The one that was used last, for it is the least likely to end. */
  take(key: string): Http1Session | undefined {
    const idle = this.#idle.get(key);
    for (;;) {
      const last = idle?.pop();
      if (last === undefined) return undefined;
      clearTimeout(last.timer);
      if (idle?.length === 0) this.#idle.delete(key);
      if (last.session.canOpen) return last.session;
    }
  }

  /** Keeps a session for a while, if it can carry another request. */
  keep(key: string, session: Http1Session): void {
    if (!session.canOpen) return;
    const idle = this.#idle.get(key) ?? [];
    if (this.#draining || idle.length >= IDLE_UPSTREAMS_MAX) {
      return session.drain();
    }
    const timer = setTimeout(() => {
      this.forget(key, session);
      session.drain();
    }, this.#idleMs);
    idle.push({ session, timer });
    this.#idle.set(key, idle);
  }

  /** It has ended. */
  forget(key: string, session: Http1Session): void {
    const idle = this.#idle.get(key);
    const at = idle?.findIndex((kept) => kept.session === session) ?? -1;
    if (idle === undefined || at < 0) return;
    clearTimeout(idle[at]?.timer);
    idle.splice(at, 1);
    if (idle.length === 0) this.#idle.delete(key);
  }

  /** Closes what is idle, now and later. */
  drain(): void {
    this.#draining = true;
    for (const { session, timer } of [...this.#idle.values()].flat()) {
      clearTimeout(timer);
      session.drain();
    }
    this.#idle.clear();
  }
}
