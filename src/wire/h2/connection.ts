import { assert } from "../../base/assert.ts";
import type { HeaderList } from "../hpack/mod.ts";
import { FrameReader } from "./decode.ts";
import { H2Code, H2Error } from "./errors.ts";
import type { H2Handlers } from "./handlers.ts";
import { drainPingOctets, pingOctets } from "./ping.ts";
import { Receiver } from "./receive.ts";
import { Sender } from "./send.ts";
import { Session } from "./session.ts";
import {
  type H2Options,
  type PeerSettings,
  resolveOptions,
  type Role,
} from "./settings.ts";
import type { StreamId } from "./stream.ts";

/**
 * One HTTP/2 connection without a socket (RFC 9113): what arrives goes into
 * receive(), what comes out of takeOutput() goes to the transport, the rest
 * happens in the handlers.
 *
 * The edge writes the output once after construction (no handler runs before)
 * and then once for each onOutput. While the transport does not take more, it
 * leaves the output where it is and stops sendData(); `outputLength` tells how
 * much waits.
 */
export class H2Connection {
  readonly #session: Session;
  readonly #sender: Sender;
  readonly #reader: FrameReader;
  #receiving = false;

  constructor(role: Role, handlers: H2Handlers, options: H2Options) {
    const config = resolveOptions(role, options);
    this.#session = new Session(role, handlers, config);
    this.#sender = new Sender(this.#session);
    this.#reader = new FrameReader(
      new Receiver(this.#session, this.#sender),
      role === "server",
      config.frameLengthMax,
    );
  }

  /**
   * Takes octets that arrived, split anywhere. Views of them reach onData; once
   * the call returns nothing refers to them any more.
   *
   * @returns the error of the connection, at once and on every later call. Its
   *   GOAWAY is in the output then, and every open stream got onReset.
   */
  receive(octets: Uint8Array): H2Error | undefined {
    const { state } = this.#session;
    if (state.at === "closed") return state.error;
    assert(!this.#receiving, "receive() called by a handler");
    this.#receiving = true;
    try {
      this.#reader.read(octets);
      return undefined;
    } catch (error) {
      if (!(error instanceof H2Error)) throw error;
      if (this.#isClosed()) return undefined; // A handler called terminate().
      this.#session.fail(error);
      return error;
    } finally {
      this.#receiving = false;
    }
  }

  /**
   * Removes and returns what is to be written, in order. The chunks are the
   * caller's, who may recycleOutput() them once they are written.
   */
  takeOutput(): Uint8Array[] {
    return this.#session.takeOutput();
  }

  /** Octets that takeOutput() would return. */
  get outputLength(): number {
    return this.#session.output.length;
  }

  /**
   * Opens a stream (client only).
   *
   * @param headers Lower-case names, pseudo-header fields first.
   * @param end True when no body follows.
   * @returns undefined when the peer's limit, a GOAWAY of either side or the
   *   lack of identifiers forbids it.
   */
  openStream(headers: HeaderList, end: boolean): StreamId | undefined {
    return this.#sender.openStream(headers, end);
  }

  /** Whether openStream() would open one now. */
  get canOpen(): boolean {
    return this.#sender.canOpen();
  }

  /**
   * Sends an informational or final response, or trailers.
   *
   * @param end True for trailers, and for a response without body.
   * @returns false when the stream is gone.
   */
  sendHeaders(stream: StreamId, headers: HeaderList, end: boolean): boolean {
    return this.#sender.sendHeaders(stream, headers, end);
  }

  /**
   * Sends what the windows allow, as a copy.
   *
   * @param end Ends our half, when all octets were taken.
   * @returns octets taken. When fewer than given, the rest stays with the
   *   caller and onWritable follows; 0 also when the stream is gone.
   */
  sendData(stream: StreamId, octets: Uint8Array, end: boolean): number {
    return this.#sender.sendData(stream, octets, end);
  }

  /** Gives back octets that onData delivered and the application is done with. */
  release(stream: StreamId, octets: number): void {
    const found = this.#session.streams.getHolding(stream);
    if (found === undefined) return; // Reset: they went back then.
    assert(octets <= found.receiveWindow.held, "released more than was held");
    this.#session.release(found, octets);
  }

  /**
   * Resets a stream and releases what it holds; onClosed follows within this
   * call, onReset does not. One that has ended already is only released.
   */
  reset(stream: StreamId, code: number): void {
    const found = this.#session.streams.getHolding(stream);
    if (found === undefined) return;
    if (found.gone) {
      this.#session.release(found, found.receiveWindow.held);
      return;
    }
    this.#session.reset(stream, code);
    this.#session.announceClosed(found);
  }

  /** Sends a PING; `opaque`, of 32 bits, comes back by onPong. */
  ping(opaque: number): void {
    if (this.#isClosed()) return;
    this.#session.output.ping(pingOctets(opaque), false);
  }

  /**
   * Sends the final GOAWAY: streams in progress go on, new ones of the peer are
   * refused, and openStream() opens no more.
   */
  goAway(code: number = H2Code.NO_ERROR, debug = ""): void {
    if (this.#isClosed()) return;
    this.#session.goAway(code, new TextEncoder().encode(debug));
  }

  /**
   * Ends the connection gracefully. A server first warns the client and sends
   * the final GOAWAY when a PING came back, so that no request on its way is
   * lost (RFC 9113, section 6.8); a client sends it at once.
   */
  drain(): void {
    if (this.#session.state.at !== "open") return;
    if (this.#session.role === "client") {
      this.goAway();
      return;
    }
    this.#session.warn();
    this.#session.output.ping(drainPingOctets(), false);
  }

  /** The transport is gone: every open stream gets onReset with `code`. */
  terminate(code: number = H2Code.CANCEL): void {
    if (this.#isClosed()) return;
    this.#session.close(undefined, code);
  }

  #isClosed(): boolean {
    return this.#session.state.at === "closed";
  }

  /** Streams that are open or half closed. */
  get openStreams(): number {
    return this.#session.streams.size;
  }

  /** Streams that the peer lets us open; Infinity when it set no limit. */
  get peerMaxConcurrentStreams(): number {
    return this.#session.peer.concurrentStreamsMax;
  }

  /** The peer's settings in force. */
  get peerSettings(): PeerSettings {
    return this.#session.peer;
  }

  /**
   * "draining" from drain() or goAway() on, and for a client from the peer's
   * GOAWAY on; "closed" after an error or terminate().
   */
  get state(): "open" | "draining" | "closed" {
    const { state, role, peerLastStream } = this.#session;
    if (state.at === "closed") return "closed";
    const refused = role === "client" && peerLastStream !== undefined;
    return state.at === "open" && !refused ? "open" : "draining";
  }
}
