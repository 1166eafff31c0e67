import type { HeaderList } from "../../model/http.ts";
import { TunnelError } from "../../net/errors.ts";
import type { H2Session, H2SessionOptions } from "../../net/h2_session.ts";
import type { H2Stream } from "../../net/h2_stream.ts";
import { IDLE_UPSTREAM_MS } from "./limits.ts";

/** What a session tells the pool that holds it. */
export type PoolEvents = Required<
  Pick<H2SessionOptions, "onGoAway" | "onStreamClosed" | "onClosed">
>;

type Connect = (events: PoolEvents) => Promise<H2Session>;

/** HTTP/2 connections by what they lead to: one that takes requests for each. */
export class Http2Pool {
  readonly #sessions = new Map<string, Promise<H2Session>>();
  readonly #idleMs: number;

  /** @param idleMs Default {@link IDLE_UPSTREAM_MS}. */
  constructor(idleMs = IDLE_UPSTREAM_MS) {
    this.#idleMs = idleMs;
  }

  /**
   * Sends a request's head.
   *
   * @throws {HairpinError} when there is no connection to send it on.
   */
  async open(
    key: string,
    connect: Connect,
    request: { readonly headers: HeaderList; readonly end: boolean },
  ): Promise<H2Stream> {
    const { headers, end } = request;
    for (let attempt = 0; attempt < 2; attempt++) {
      const known = this.#sessions.get(key) ?? this.#connect(key, connect);
      const session = await known;
      const stream = session.open(headers, end);
      if (stream !== undefined) return stream;
      // It is full or going: the next request gets a new one.
      if (this.#sessions.get(key) === known) this.#sessions.delete(key);
      session.drain();
    }
    throw new TunnelError("http2", "h2 failed: no room for a stream");
  }

  /**
   * Whether what it leads to lets CONNECT name a protocol (RFC 8441).
   *
   * @throws {HairpinError} as open().
   */
  async takesExtendedConnect(key: string, connect: Connect): Promise<boolean> {
    const session = await (this.#sessions.get(key) ??
      this.#connect(key, connect));
    return await session.takesExtendedConnect();
  }

  /** Lets all of them end with what is in progress. */
  drain(): void {
    for (const session of this.#sessions.values()) {
      session.then((s) => s.drain(), () => {});
    }
    this.#sessions.clear();
  }

  #connect(key: string, connect: Connect): Promise<H2Session> {
    let idle: ReturnType<typeof setTimeout> | undefined;
    const forget = () => {
      clearTimeout(idle);
      if (this.#sessions.get(key) === opening) this.#sessions.delete(key);
    };
    const onStreamClosed = async () => {
      const session = await opening;
      clearTimeout(idle);
      if (session.closed || session.openStreams > 0) return;
      idle = setTimeout(() => {
        if (session.openStreams > 0) return;
        forget();
        session.drain();
      }, this.#idleMs);
    };
    const opening = connect({
      onGoAway: forget,
      onClosed: forget,
      onStreamClosed: () => void onStreamClosed(),
    });
    this.#sessions.set(key, opening);
    opening.catch(forget);
    return opening;
  }
}
