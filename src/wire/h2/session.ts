import { HpackEncoder } from "../hpack/mod.ts";
import { FrameWriter } from "./encode.ts";
import { connectionError, H2Code, type H2Error } from "./errors.ts";
import { FloodGuard } from "./flood.ts";
import { PREFACE } from "./frame.ts";
import type { H2Handlers } from "./handlers.ts";
import {
  ANSWERS_WAITING_MAX,
  INITIAL_WINDOW,
  LATE_FRAMES_PER_STREAM,
  WINDOW_MAX,
} from "./limits.ts";
import {
  type H2Config,
  initialPeerSettings,
  type PeerSettings,
  type Role,
  settingsEntries,
} from "./settings.ts";
import { Stream, type StreamId } from "./stream.ts";
import { StreamTable } from "./streams.ts";
import { WaitingStreams } from "./waiting.ts";
import { ReceiveWindow, streamWindowInForce } from "./window.ts";

/** How far a connection is on its way to the end. */
export type SessionState =
  | { readonly at: "open" }
  /** A first GOAWAY announced the end; streams are still accepted. */
  | { readonly at: "warning" }
  /** The final GOAWAY is out: peer's streams above `lastStream` are refused. */
  | { readonly at: "draining"; readonly lastStream: number }
  /** Nothing is read or sent any more. */
  | { readonly at: "closed"; readonly error: H2Error | undefined };

/** What the receiving and the sending side of a connection share. */
export class Session {
  readonly streams = new StreamTable();
  readonly waiting = new WaitingStreams();
  readonly output: FrameWriter;
  readonly encoder: HpackEncoder;
  readonly floods: FloodGuard;
  readonly receiveWindow: ReceiveWindow;
  /** Octets that the peer lets us send on all streams together. */
  sendWindow = INITIAL_WINDOW;
  state: SessionState = { at: "open" };
  peer: PeerSettings;
  /** The peer has acknowledged our SETTINGS. */
  acknowledged = false;
  /** The last of our streams that the peer serves, by its GOAWAY. */
  peerLastStream: number | undefined = undefined;
  #answers = 0;
  #finished = false;

  constructor(
    readonly role: Role,
    readonly handlers: H2Handlers,
    readonly config: H2Config,
  ) {
    this.peer = initialPeerSettings(config);
    this.encoder = new HpackEncoder({ huffman: config.huffman });
    this.floods = new FloodGuard(config.now);
    // No handler may run before the constructor has returned.
    let constructed = false;
    this.output = new FrameWriter(() => {
      if (constructed) handlers.onOutput();
    });
    const window = config.connectionWindow;
    this.receiveWindow = new ReceiveWindow(window, INITIAL_WINDOW);
    this.#greet();
    constructed = true;
  }

  #greet(): void {
    if (this.role === "client") this.output.raw(PREFACE);
    this.output.settings(settingsEntries(this.role, this.config));
    const increment = this.receiveWindow.announce();
    if (increment > 0) this.output.windowUpdate(0, increment);
  }

  /** Octets of a stream's receive window that the peer may rely on now. */
  get streamWindow(): number {
    return streamWindowInForce(this.config.streamWindow, this.acknowledged);
  }

  /** Adds a stream with the windows of this moment. */
  createStream(id: StreamId): Stream {
    const windows = {
      send: this.peer.streamWindow,
      receive: this.streamWindow,
    };
    const stream = new Stream(id, windows);
    this.streams.add(stream);
    return stream;
  }

  takeOutput(): Uint8Array[] {
    this.#answers = 0;
    return this.output.take();
  }

  /**
   * Counts a frame that answers the peer.
   *
   * @throws {H2Error} ENHANCE_YOUR_CALM when too many wait to be taken.
   */
  countAnswer(): void {
    if (++this.#answers <= ANSWERS_WAITING_MAX) return;
    throw connectionError("ENHANCE_YOUR_CALM", "answers are not read");
  }

  /** Gives the connection's window octets back. */
  credit(octets: number): void {
    const increment = this.receiveWindow.give(octets);
    if (increment > 0) this.output.windowUpdate(0, increment);
  }

  /** Gives octets back that a stream held. */
  giveBack(stream: Stream, octets: number): void {
    const increment = stream.receiveWindow.give(octets);
    if (increment > 0 && !stream.gone && stream.receiving !== "ended") {
      this.output.windowUpdate(stream.id, increment);
    }
    this.credit(octets);
  }

  /** Closes a stream when both halves have ended. */
  closeIfEnded(stream: Stream): void {
    if (stream.gone) return;
    if (stream.sending !== "ended" || stream.receiving !== "ended") return;
    this.streams.remove(stream, stream.receiveWindow.held > 0);
    this.floods.earn("ignored", LATE_FRAMES_PER_STREAM);
    this.handlers.onClosed?.(stream.id);
    this.finishIfDone();
  }

  /** Gives octets back that the application is done with. */
  release(stream: Stream, octets: number): void {
    this.giveBack(stream, octets);
    if (stream.gone && stream.receiveWindow.held === 0) {
      this.streams.forget(stream);
    }
  }

  /** Resets a stream, known or not, and drops what is still on its way. */
  reset(id: number, code: number): void {
    if (this.state.at !== "closed") this.output.resetStream(id, code);
    this.streams.rememberReset(id);
    const stream = this.streams.get(id);
    if (stream !== undefined) this.#discard(stream);
  }

  /** As reset(), for a stream that the application believes in. */
  failStream(stream: Stream, code: number): void {
    this.reset(stream.id, code);
    this.announceReset(stream, code);
  }

  /** Drops a stream that the peer has reset or will not serve. */
  dropStream(stream: Stream, code: number): void {
    this.#discard(stream);
    this.announceReset(stream, code);
  }

  announceReset(stream: Stream, code: number): void {
    this.handlers.onReset(stream.id, code);
    this.announceClosed(stream);
  }

  announceClosed(stream: Stream): void {
    this.handlers.onClosed?.(stream.id);
    this.finishIfDone();
  }

  // What the stream held will not be released: its octets go back at once.
  #discard(stream: Stream): void {
    this.streams.remove(stream, false);
    this.floods.earn("ignored", LATE_FRAMES_PER_STREAM);
    this.waiting.remove(stream);
    if (this.state.at !== "closed") {
      this.giveBack(stream, stream.receiveWindow.held);
    }
  }

  /** Sends the final GOAWAY; the streams in progress go on. */
  goAway(code: number, debug: Uint8Array): void {
    const lastStream = this.#lastStream();
    this.output.goAway(lastStream, code, debug);
    this.state = { at: "draining", lastStream };
    this.finishIfDone();
  }

  // A later GOAWAY may not name more streams than an earlier one.
  #lastStream(): number {
    if (this.state.at === "draining") return this.state.lastStream;
    return this.role === "server" ? this.streams.last : 0;
  }

  /** Ends the connection with a GOAWAY that names the peer's mistake. */
  fail(error: H2Error): void {
    const debug = new TextEncoder().encode(error.found);
    this.output.goAway(this.#lastStream(), error.h2Code, debug);
    this.close(error, error.h2Code);
  }

  /** Announces the end to a client without refusing anything yet. */
  warn(): void {
    this.output.goAway(WINDOW_MAX, H2Code.NO_ERROR, new Uint8Array(0));
    this.state = { at: "warning" };
  }

  /** Ends the connection; every stream that is open is lost. */
  close(error: H2Error | undefined, code: number): void {
    this.state = { at: "closed", error };
    for (const stream of this.streams.snapshot()) {
      if (!stream.gone) this.dropStream(stream, code);
    }
  }

  /** Says once that nothing is open and nothing can be opened. */
  finishIfDone(): void {
    if (this.#finished || !this.#isDone()) return;
    this.#finished = true;
    this.handlers.onFinished?.();
  }

  #isDone(): boolean {
    if (this.streams.size > 0 || this.state.at === "closed") return false;
    const refused = this.role === "client" && this.peerLastStream !== undefined;
    return refused || this.state.at === "draining";
  }
}
