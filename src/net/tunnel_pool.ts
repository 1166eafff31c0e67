import type { HeaderList } from "../wire/h2/mod.ts";
import { TunnelError } from "./errors.ts";
import type { H2Session } from "./h2_session.ts";
import type { H2Stream } from "./h2_stream.ts";
import { SessionSet } from "./session_set.ts";

export interface TunnelPoolOptions {
  readonly streamsPerConnectionMax: number;
  readonly unusedReleaseMs: number;
  /** Default {@link POOL_SESSIONS_MAX}. */
  readonly sessionsMax?: number;
}

/** Told by a session what becomes of it. */
export interface SessionEvents {
  onStreamClosed(): void;
  onGoAway(): void;
  onClosed(): void;
}

/** Opens one tunnel for a key; rejects when it cannot be had. */
export type OpenSession = (events: SessionEvents) => Promise<H2Session>;

interface Entry {
  readonly sessions: Set<H2Session>;
  /** The one handshake of this key, while there is one. */
  opening: Promise<void> | undefined;
}

/** A stream of a shared tunnel. */
export interface PooledStream {
  readonly stream: H2Stream;
  /** Whether the tunnel was there before: it may have died unseen. */
  readonly reused: boolean;
}

/**
 * Sessions of one pod in one worker past which an idle one makes room for each
 * new one. Busy ones are bounded by the pod's connections. As in ztunnel.
 */
export const POOL_SESSIONS_MAX = 500;

/**
 * Shares HBONE tunnels. The key must hold everything that makes two tunnels
 * different: source identity, destination identities in order, and address.
 * There is one handshake at a time for a key; keys do not wait for each other,
 * and everyone who waited for a handshake that failed learns of it at once.
 */
export class TunnelPool {
  readonly #options: TunnelPoolOptions;
  readonly #entries = new Map<string, Entry>();
  /** Also those that take no more streams, until they have closed. */
  readonly #open = new SessionSet();
  /** Sessions with nothing to do, and since when; the longest first. */
  readonly #idle = new Map<H2Session, number>();
  /** Looks for those that have been idle long enough. */
  #look: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(options: TunnelPoolOptions) {
    this.#options = options;
  }

  /** Sessions that have not closed. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Opens a stream on a shared tunnel, and a tunnel where there is none.
   *
   * @throws what `open` throws; {@link TunnelError} once the pool is closed.
   */
  async openStream(
    key: string,
    headers: HeaderList,
    open: OpenSession,
  ): Promise<PooledStream> {
    for (let reused = true;; reused = false) {
      if (this.#closed) throw new TunnelError("http2", "pool draining");
      const entry = this.#entryOf(key);
      const stream = this.#streamOn(entry, headers);
      if (stream !== undefined) return { stream, reused };
      // Whoever waits may find the tunnel full when it is there: once more then.
      await (entry.opening ??= this.#openSession(key, entry, open));
    }
  }

  /** Finishes what runs and takes nothing new. */
  drain(): void {
    this.#closed = true;
    this.#open.drain();
  }

  /** Drops all tunnels at once. */
  destroy(): void {
    this.#closed = true;
    this.#open.destroy();
    this.#idle.clear();
    this.#rest();
    this.#entries.clear();
  }

  /** Resolves when no session is open, now or later. */
  whenEmpty(): Promise<void> {
    return this.#open.whenEmpty();
  }

  #entryOf(key: string): Entry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const made: Entry = { sessions: new Set(), opening: undefined };
    this.#entries.set(key, made);
    return made;
  }

  #streamOn(entry: Entry, headers: HeaderList): H2Stream | undefined {
    for (const session of entry.sessions) {
      if (session.openStreams >= this.#options.streamsPerConnectionMax) {
        continue;
      }
      const stream = session.open(headers);
      if (stream === undefined) continue;
      this.#busy(session);
      return stream;
    }
    return undefined;
  }

  async #openSession(
    key: string,
    entry: Entry,
    open: OpenSession,
  ): Promise<void> {
    const { sessionsMax = POOL_SESSIONS_MAX } = this.#options;
    if (this.size >= sessionsMax) this.#closeOneIdle();
    let session: H2Session | undefined;
    const forget = () => session && this.#forget(key, entry, session);
    try {
      session = await open({
        onStreamClosed: () => this.#settle(session),
        onGoAway: forget,
        onClosed: () => {
          forget();
          if (session !== undefined) this.#open.delete(session);
          if (this.size === 0) this.#rest();
        },
      });
      if (this.#closed) return session.destroy();
      requireUsable(session);
      this.#open.add(session);
      entry.sessions.add(session);
      this.#settle(session);
    } finally {
      entry.opening = undefined;
      this.#drop(key, entry);
    }
  }

  /** Starts the idle clock of a session that has nothing to do. */
  #settle(session: H2Session | undefined): void {
    if (session === undefined || session.openStreams > 0) return;
    if (session.closed || this.#idle.has(session)) return;
    this.#idle.set(session, performance.now());
    // It stays for the next one when this one is busy again: most are at once.
    this.#look ??= this.#lookIn(this.#options.unusedReleaseMs);
  }

  #lookIn(ms: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#closeIdle(), ms);
  }

  #closeIdle(): void {
    this.#look = undefined;
    const { unusedReleaseMs } = this.#options;
    const nowMs = performance.now();
    for (const [session, sinceMs] of this.#idle) {
      const leftMs = sinceMs + unusedReleaseMs - nowMs;
      if (leftMs > 0) {
        this.#look = this.#lookIn(leftMs);
        return;
      }
      this.#idle.delete(session);
      session.drain();
    }
  }

  /** Nothing is there to be looked at. */
  #rest(): void {
    clearTimeout(this.#look);
    this.#look = undefined;
  }

  #busy(session: H2Session): void {
    this.#idle.delete(session);
  }

  #closeOneIdle(): void {
    const [longest] = this.#idle.keys();
    if (longest === undefined) return;
    this.#busy(longest);
    longest.drain();
  }

  #forget(key: string, entry: Entry, session: H2Session): void {
    this.#busy(session);
    entry.sessions.delete(session);
    this.#drop(key, entry);
  }

  #drop(key: string, entry: Entry): void {
    if (entry.sessions.size > 0 || entry.opening !== undefined) return;
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }
}

/** A tunnel without room for its very first stream would be opened again for ever. */
function requireUsable(session: H2Session): void {
  if (session.closed) throw new TunnelError("http2", "connection closed");
  if (session.h2.canOpen) return;
  session.destroy();
  throw new TunnelError("http2", "h2 failed: the peer takes no streams");
}
