import type { H2Connection, HeaderList, StreamId } from "../wire/h2/mod.ts";
import { H2Code, h2CodeName } from "../wire/h2/mod.ts";
import type {
  AnswerKind,
  MessageReceiver,
  MessageStream,
} from "./message_stream.ts";
import { TunnelError } from "./errors.ts";

/** What a stream needs of the session that carries it. */
export interface StreamCarrier {
  readonly h2: H2Connection;
  /** Whether the socket below asks its writers to wait. */
  readonly congested: boolean;
}

/** The stream was ended by RST_STREAM, or refused by GOAWAY. */
export class StreamResetError extends Error {
  constructor(readonly errorCode: number) {
    super(`stream reset by peer: ${h2CodeName(errorCode)}`);
  }
}

/**
 * One HTTP/2 stream as a {@link ByteStream}. Credit for what it received goes
 * back to the peer only while it is not paused, so a slow reader slows its peer.
 */
export class H2Stream implements MessageStream {
  readonly #carrier: StreamCarrier;
  #receiver: MessageReceiver | undefined;
  /** What came before a receiver was attached; bounded by the window. */
  #early: (() => void)[] = [];
  /** Octets that the window did not take yet. */
  #unsent: Uint8Array[] = [];
  #endWanted = false;
  #trailers: HeaderList | undefined;
  #ended = false;
  #paused = false;
  #owed = 0;
  #full = false;
  #closed = false;
  #allReceived = false;
  #dismissed = false;
  #response: PromiseWithResolvers<HeaderList> | undefined;

  /** @param ended Whether our half ended with its header list. Default false. */
  constructor(readonly id: StreamId, carrier: StreamCarrier, ended = false) {
    this.#carrier = carrier;
    this.#ended = ended;
  }

  attach(receiver: MessageReceiver): void {
    this.#receiver = receiver;
    for (const replay of this.#early.splice(0)) replay();
  }

  /**
   * The final response's header list. Asked for once, in the turn that opened
   * the stream.
   *
   * @throws {StreamResetError | TunnelError} when the stream ends without one.
   */
  response(): Promise<HeaderList> {
    this.#response = Promise.withResolvers();
    return this.#response.promise;
  }

  /** Has {@link response} fail with `reason`, if it is still waited for. */
  giveUp(reason: Error): void {
    this.#response?.reject(reason);
    this.#response = undefined;
  }

  sendHeaders(headers: HeaderList, end: boolean): void {
    if (this.#closed) return;
    this.#carrier.h2.sendHeaders(this.id, headers, end);
    this.#ended ||= end;
  }

  write(octets: Uint8Array): boolean {
    if (this.#closed) return true; // the relay is about to learn of it
    const rest = this.#unsent.length > 0 ? octets : this.#send(octets);
    if (rest.length > 0) this.#unsent.push(rest.slice());
    this.#full ||= this.#unsent.length > 0 || this.#carrier.congested;
    return !this.#full;
  }

  end(): void {
    this.#endWanted = true;
    this.#sendEnd();
  }

  endWith(trailers: HeaderList): void {
    this.#trailers = trailers;
    this.end();
  }

  /**
   * Also when it has ended: what it holds of the window goes back then. A reset
   * of TCP is a CONNECT_ERROR (RFC 9113, section 8.5).
   */
  reset(passedOn = false): void {
    const code = passedOn ? H2Code.CONNECT_ERROR : H2Code.CANCEL;
    this.#carrier.h2.reset(this.id, code);
  }

  dismiss(): void {
    this.#dismissed = true;
    this.end();
    this.#resetDismissed();
  }

  /** Answers without a body, and takes no more of the request. */
  refuse(headers: HeaderList): void {
    this.sendHeaders(headers, true);
    this.#early = [];
    this.#carrier.h2.reset(this.id, H2Code.NO_ERROR);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#release(0);
  }

  /** @returns what the window did not take. */
  #send(octets: Uint8Array): Uint8Array {
    const taken = this.#carrier.h2.sendData(this.id, octets, false);
    return taken === octets.length ? NOTHING : octets.subarray(taken);
  }

  #sendEnd(): void {
    if (!this.#endWanted || this.#ended || this.#closed) return;
    if (this.#unsent.length > 0) return;
    this.#ended = true;
    const { h2 } = this.#carrier;
    if (this.#trailers === undefined) h2.sendData(this.id, NOTHING, true);
    else h2.sendHeaders(this.id, this.#trailers, true);
    this.#resetDismissed();
  }

  /** NO_ERROR says that nothing was cut (RFC 9113, section 8.1). */
  #resetDismissed(): void {
    if (!this.#dismissed || !this.#ended || this.#closed) return;
    this.#carrier.h2.reset(this.id, H2Code.NO_ERROR);
  }

  #release(more: number): void {
    this.#owed += more;
    if (this.#paused || this.#owed === 0 || this.#receiver === undefined) {
      return;
    }
    const octets = this.#owed;
    this.#owed = 0;
    this.#carrier.h2.release(this.id, octets);
  }

  /** Called by the session: the window opened. */
  onWindow(): void {
    while (this.#unsent.length > 0) {
      const rest = this.#send(this.#unsent[0]!);
      if (rest.length > 0) {
        this.#unsent[0] = rest;
        return;
      }
      this.#unsent.shift();
    }
    this.#sendEnd();
    this.onUncongested();
  }

  /** Called by the session: the socket below has room again. */
  onUncongested(): void {
    if (!this.#full || this.#unsent.length > 0) return;
    if (this.#carrier.congested) return;
    this.#full = false;
    this.#receiver?.onDrain();
  }

  /** Called by the session: any header list but a request's. */
  onHeaders(headers: HeaderList, kind: AnswerKind, end: boolean): void {
    if (kind === "response" && this.#response !== undefined) {
      this.#response.resolve(headers);
      this.#response = undefined;
    } else if (this.#receiver !== undefined) {
      this.#receiver.onHeaders?.(headers, kind, end);
    } else {
      this.#early.push(() => this.#receiver?.onHeaders?.(headers, kind, end));
    }
  }

  /** Called by the session: part of a DATA frame. */
  onData(octets: Uint8Array): void {
    if (this.#receiver === undefined) {
      const kept = octets.slice();
      this.#early.push(() => this.onData(kept));
      return;
    }
    this.#receiver.onData(octets);
    this.#release(octets.length);
  }

  /** Called by the session: END_STREAM. */
  onEnd(): void {
    this.#allReceived = true;
    if (this.#receiver === undefined) this.#early.push(() => this.onEnd());
    else this.#receiver.onEnd();
  }

  /** Called by the session: the stream is gone. */
  onClosed(reason: Error | undefined): void {
    this.#closed = true;
    // A complete answer whose sender wants no more of the request (RFC 9113,
    // section 8.1): nothing of it may be dropped.
    const satisfied = this.#allReceived && isNoError(reason);
    const error = satisfied ? undefined : reason;
    this.#response?.reject(
      error ?? new TunnelError("http2", "h2 failed: stream closed early"),
    );
    if (this.#receiver !== undefined) this.#receiver.onClose(error);
    else this.#early.push(() => this.#receiver?.onClose(error));
  }
}

const isNoError = (reason: Error | undefined): boolean =>
  reason instanceof StreamResetError && reason.errorCode === H2Code.NO_ERROR;

const NOTHING = new Uint8Array(0);
