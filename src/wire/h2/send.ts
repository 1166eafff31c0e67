import { assert } from "../../base/assert.ts";
import type { HeaderList } from "../hpack/mod.ts";
import { OCTETS_PER_WINDOW_UPDATE } from "./limits.ts";
import type { Session } from "./session.ts";
import type { Stream, StreamId } from "./stream.ts";

/** The sending side of a connection. */
export class Sender {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  openStream(headers: HeaderList, end: boolean): StreamId | undefined {
    const session = this.#session;
    assert(session.role === "client", "openStream() of a server");
    const id = this.canOpen() ? session.streams.next() : undefined;
    if (id === undefined) return undefined;
    this.#writeHeaders(id, headers, end);
    session.streams.reach(id);
    const stream = session.createStream(id);
    stream.method = headers.find(([name]) => name === ":method")?.[1] ?? "";
    stream.sending = end ? "ended" : "body";
    return id;
  }

  /** Whether the peer and our own state allow one more stream. */
  canOpen(): boolean {
    const { state, peerLastStream, streams, peer } = this.#session;
    return state.at === "open" && peerLastStream === undefined &&
      streams.size < peer.concurrentStreamsMax;
  }

  sendHeaders(id: StreamId, headers: HeaderList, end: boolean): boolean {
    const stream = this.#sendable(id);
    if (stream === undefined) return false;
    assert(stream.sending !== "ended", `headers after the end of ${id}`);
    const interim = stream.sending === "headers" && isInformational(headers);
    assert(!interim || !end, "informational response that ends its stream");
    assert(stream.sending === "headers" || end, "trailers without end");
    this.#writeHeaders(id, headers, end);
    if (!interim) stream.sending = end ? "ended" : "body";
    this.#session.closeIfEnded(stream);
    return true;
  }

  sendData(id: StreamId, octets: Uint8Array, end: boolean): number {
    const stream = this.#sendable(id);
    if (stream === undefined) return 0;
    const taken = this.#take(stream, octets.length);
    const ends = end && taken === octets.length;
    if (taken === 0 && !ends) return 0;
    this.#writeData(stream, octets, taken, ends);
    this.#afterData(stream, ends);
    return taken;
  }

  /** Tells a stream's owner that its own window has opened. */
  wake(stream: Stream): void {
    if (stream.gone || !stream.blocked || stream.sendWindow <= 0) return;
    if (this.#session.sendWindow <= 0) {
      this.#session.waiting.add(stream);
      return;
    }
    this.#notify(stream);
  }

  /** Tells those who wait for the connection's window, each in its turn. */
  wakeAll(): void {
    const session = this.#session;
    session.waiting.wakeAll(
      () => session.sendWindow,
      (stream) => this.#notify(stream),
    );
  }

  #notify(stream: Stream): void {
    stream.blocked = false;
    this.#session.handlers.onWritable(stream.id);
  }

  #sendable(id: StreamId): Stream | undefined {
    return this.#session.state.at === "closed"
      ? undefined
      : this.#session.streams.get(id);
  }

  #allowance(stream: Stream): number {
    const { sendWindow, waiting } = this.#session;
    const allowed = Math.min(stream.sendWindow, sendWindow, waiting.share);
    return Math.max(0, allowed);
  }

  /** Takes what the windows allow; the stream is blocked when that is less. */
  #take(stream: Stream, length: number): number {
    assert(stream.sending === "body", `DATA outside the body of ${stream.id}`);
    const session = this.#session;
    const taken = Math.min(length, this.#allowance(stream));
    stream.sendWindow -= taken;
    session.sendWindow -= taken;
    session.waiting.use(taken);
    const updates = 2 + Math.floor(taken / OCTETS_PER_WINDOW_UPDATE);
    session.floods.earn("windowUpdate", updates);
    if (taken < length) {
      stream.blocked = true;
      if (stream.sendWindow > 0) session.waiting.add(stream);
    }
    return taken;
  }

  #writeData(
    stream: Stream,
    octets: Uint8Array,
    taken: number,
    end: boolean,
  ): void {
    const { output, peer } = this.#session;
    const { frameLengthMax } = peer;
    if (taken === octets.length && taken <= frameLengthMax) {
      output.data(stream.id, octets, end);
      return;
    }
    for (let at = 0; at < taken; at += frameLengthMax) {
      const next = Math.min(taken, at + frameLengthMax);
      output.data(stream.id, octets.subarray(at, next), end && next === taken);
    }
  }

  #afterData(stream: Stream, end: boolean): void {
    if (!end) return;
    stream.sending = "ended";
    this.#session.closeIfEnded(stream);
  }

  #writeHeaders(id: StreamId, headers: HeaderList, end: boolean): void {
    const { output, encoder, peer } = this.#session;
    const lengthMax = peer.frameLengthMax;
    output.headers(id, headers, encoder, { end, lengthMax });
  }
}

function isInformational(headers: HeaderList): boolean {
  const status = headers.find(([name]) => name === ":status")?.[1];
  return status !== undefined && status[0] === "1";
}
