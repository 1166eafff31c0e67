import { type DecodedBlock, HpackDecoder, HpackError } from "../hpack/mod.ts";
import type { FrameSink } from "./decode.ts";
import {
  connectionError,
  H2Code,
  type H2Error,
  isStreamError,
  streamError,
} from "./errors.ts";
import { malformed } from "./fields.ts";
import { FrameType } from "./frame.ts";
import { type HeaderBlock, HeaderBlockAssembler } from "./header_block.ts";
import { INFORMATIONAL_RESPONSES_MAX } from "./limits.ts";
import { checkTrailers, readRequest, readResponse } from "./messages.ts";
import { ControlReceiver } from "./receive_control.ts";
import type { Sender } from "./send.ts";
import type { Session } from "./session.ts";
import type { Stream, StreamId } from "./stream.ts";

/**
 * The receiving side of a connection: what frames mean for streams. Its methods
 * throw errors of the connection; those of a stream end in RST_STREAM.
 */
export class Receiver implements FrameSink {
  readonly #session: Session;
  readonly #control: ControlReceiver;
  readonly #decoder: HpackDecoder;
  readonly #blocks = new HeaderBlockAssembler();
  /** The stream of the DATA frame being read; undefined when it is dropped. */
  #dataStream: Stream | undefined = undefined;
  #dataEnds = false;

  constructor(session: Session, sender: Sender) {
    this.#session = session;
    this.#decoder = new HpackDecoder(session.config.headerListSizeMax);
    this.#control = new ControlReceiver(session, sender, this.#decoder);
  }

  onFrame(
    type: number,
    flags: number,
    stream: number,
    payload: Uint8Array,
  ): void {
    if (this.#session.state.at === "closed") return;
    try {
      this.#dispatch(type, flags, stream, payload);
    } catch (error) {
      if (!isStreamError(error)) throw toConnectionError(error);
      this.#fail(stream, error);
    }
  }

  #dispatch(
    type: number,
    flags: number,
    stream: number,
    payload: Uint8Array,
  ): void {
    if (type === FrameType.HEADERS) {
      this.#checkOpener(stream);
      this.#readBlock(this.#blocks.begin(stream, flags, payload));
    } else if (type === FrameType.CONTINUATION) {
      this.#readBlock(this.#blocks.continue(flags, payload));
    } else {
      this.#control.onFrame(type, flags, stream, payload);
    }
  }

  /** Answers an error of one stream; its other frames will be dropped. */
  #fail(id: number, error: H2Error): void {
    this.#session.floods.spend("reset");
    this.#session.countAnswer();
    const stream = this.#session.streams.get(id);
    if (stream === undefined) this.#session.reset(id, error.h2Code);
    else this.#session.failStream(stream, error.h2Code);
  }

  onDataFrame(id: number, end: boolean, length: number): void {
    const session = this.#session;
    this.#dataStream = undefined;
    this.#dataEnds = end;
    if (session.state.at === "closed") return;
    if (!session.receiveWindow.take(length)) {
      throw connectionError("FLOW_CONTROL_ERROR", "connection window exceeded");
    }
    const found = session.streams.lookUp(id);
    if (found === "idle") {
      throw connectionError("PROTOCOL_ERROR", "idle stream");
    }
    const wrong = typeof found === "string"
      ? streamError("STREAM_CLOSED", "DATA for a closed stream")
      : dataError(found, length);
    if (wrong === undefined) {
      this.#dataStream = found as Stream;
      return;
    }
    session.credit(length);
    if (found !== "resetByUs") this.#fail(id, wrong);
  }

  onDataPadding(length: number): void {
    const stream = this.#dataStream;
    if (stream === undefined || stream.gone) return;
    this.#session.giveBack(stream, length);
  }

  onDataPiece(octets: Uint8Array, last: boolean): void {
    const stream = this.#dataStream;
    if (stream === undefined || stream.gone) return;
    const end = last && this.#dataEnds;
    const { floods, handlers } = this.#session;
    if (octets.length === 0 && !end) {
      floods.spend("emptyData");
      return;
    }
    if (last) floods.earn("ping", 1);
    if (!this.#countContent(stream, octets.length, end)) return;
    if (end) stream.receiving = "ended";
    handlers.onData(stream.id, octets, end);
    if (end) this.#session.closeIfEnded(stream);
  }

  /** @see RFC 9113, section 8.1.1 */
  #countContent(stream: Stream, octets: number, end: boolean): boolean {
    if (stream.contentLeft === undefined) return true;
    stream.contentLeft -= octets;
    if (end ? stream.contentLeft === 0 : stream.contentLeft >= 0) return true;
    this.#fail(stream.id, contentLengthError());
    return false;
  }

  /** @see RFC 9113, section 5.1.1 */
  #checkOpener(id: number): void {
    const { role, streams } = this.#session;
    const mayOpen = role === "server" && id % 2 === 1;
    if (mayOpen || streams.lookUp(id) !== "idle") return;
    throw connectionError("PROTOCOL_ERROR", `HEADERS on idle stream ${id}`);
  }

  #readBlock(block: HeaderBlock | undefined): void {
    if (block === undefined) return;
    // Always decoded, since it changes the table.
    const decoded = this.#decoder.decode(block.octets);
    const found = this.#session.streams.lookUp(block.stream);
    switch (found) {
      case "idle":
        this.#onRequest(block.stream as StreamId, decoded, block.end);
        break;
      case "closed":
        throw connectionError("STREAM_CLOSED", "HEADERS for a closed stream");
      case "resetByUs":
        this.#session.floods.spend("ignored");
        break;
      default:
        this.#onBlock(found, decoded, block.end);
    }
  }

  #onRequest(id: StreamId, decoded: DecodedBlock, end: boolean): void {
    const session = this.#session;
    this.#checkAccepted(id);
    session.streams.reach(id);
    if (decoded.tooLarge) {
      this.#refuseLarge(id, end);
      return;
    }
    const { extendedConnect } = session.config;
    const facts = readRequest(decoded.fields, extendedConnect);
    if (end && (facts.contentLength ?? 0) > 0) throw contentLengthError();
    const stream = session.createStream(id);
    stream.method = facts.method;
    stream.tunnel = facts.tunnel;
    stream.contentLeft = facts.contentLength;
    stream.receiving = end ? "ended" : "body";
    session.handlers.onHeaders(id, decoded.fields, "request", end);
  }

  #checkAccepted(id: StreamId): void {
    const { state, streams, config } = this.#session;
    const drained = state.at === "draining" && id > state.lastStream;
    if (!drained && streams.size < config.concurrentStreamsMax) return;
    streams.reach(id);
    throw streamError("REFUSED_STREAM", drained ? "draining" : "too many");
  }

  /** Answers 431, which says more than a reset (RFC 9113, section 10.5.1). */
  #refuseLarge(id: StreamId, end: boolean): void {
    const { output, encoder, peer, floods } = this.#session;
    floods.spend("reset");
    this.#session.countAnswer();
    const lengthMax = peer.frameLengthMax;
    output.headers(id, TOO_LARGE, encoder, { end: true, lengthMax });
    if (!end) this.#session.reset(id, H2Code.NO_ERROR);
  }

  #onBlock(stream: Stream, decoded: DecodedBlock, end: boolean): void {
    if (stream.receiving === "ended") {
      throw streamError("STREAM_CLOSED", "HEADERS after the end");
    }
    if (decoded.tooLarge) {
      const found = `header list of ${decoded.size} octets`;
      throw streamError("ENHANCE_YOUR_CALM", found);
    }
    if (stream.receiving === "body") this.#onTrailers(stream, decoded, end);
    else this.#onResponse(stream, decoded, end);
  }

  #onTrailers(stream: Stream, { fields }: DecodedBlock, end: boolean): void {
    if (!end) throw malformed("trailers that do not end the stream");
    if (stream.tunnel) throw malformed("trailers in a tunnel");
    checkTrailers(fields);
    if ((stream.contentLeft ?? 0) > 0) throw contentLengthError();
    stream.receiving = "ended";
    this.#session.handlers.onHeaders(stream.id, fields, "trailers", true);
    this.#session.closeIfEnded(stream);
  }

  #onResponse(stream: Stream, { fields }: DecodedBlock, end: boolean): void {
    const { handlers } = this.#session;
    const facts = readResponse(fields, stream.method);
    if (facts.informational) {
      if (end) throw malformed("informational response that ends the stream");
      if (++stream.informational > INFORMATIONAL_RESPONSES_MAX) {
        throw streamError("ENHANCE_YOUR_CALM", "too many responses of 1xx");
      }
      handlers.onHeaders(stream.id, fields, "informational", false);
      return;
    }
    if (end && (facts.contentLength ?? 0) > 0) throw contentLengthError();
    stream.tunnel = facts.tunnel;
    stream.contentLeft = facts.contentLength;
    stream.receiving = end ? "ended" : "body";
    handlers.onHeaders(stream.id, fields, "response", end);
    if (end) this.#session.closeIfEnded(stream);
  }
}

const TOO_LARGE = [[":status", "431"], ["content-length", "0"]] as const;

/** What forbids a DATA frame; otherwise its octets are taken. */
function dataError(stream: Stream, length: number): H2Error | undefined {
  if (stream.receiving === "ended") {
    return streamError("STREAM_CLOSED", "DATA after the end");
  }
  if (stream.receiving === "headers") {
    return streamError("PROTOCOL_ERROR", "DATA before the response");
  }
  if (stream.receiveWindow.take(length)) return undefined;
  return streamError("FLOW_CONTROL_ERROR", "stream window exceeded");
}

function contentLengthError(): H2Error {
  return malformed("DATA does not match content-length");
}

function toConnectionError(error: unknown): unknown {
  if (!(error instanceof HpackError)) return error;
  return connectionError("COMPRESSION_ERROR", error.message);
}
