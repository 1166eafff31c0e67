import { connectionError } from "./errors.ts";
import {
  checkFrameHeader,
  Flag,
  FRAME_HEADER_LENGTH,
  FrameType,
  PREFACE,
  readUint31,
} from "./frame.ts";
import {
  GOAWAY_DEBUG_OCTETS_MAX,
  HEADER_BLOCK_OCTETS_MAX,
  HELD_OCTETS_KEPT,
  SETTINGS_ENTRIES_MAX,
} from "./limits.ts";

/** What a frame reader finds, in order. */
export interface FrameSink {
  /** A DATA frame begins; `length` is its whole payload, padding included. */
  onDataFrame(stream: number, end: boolean, length: number): void;
  /** Octets of the DATA frame's payload that are padding, its length included. */
  onDataPadding(length: number): void;
  /**
   * A piece of the DATA frame, a view into the octets read. The last one, and
   * only it, may be empty.
   */
  onDataPiece(octets: Uint8Array, last: boolean): void;
  /** Any other frame; `payload` is good until the call returns. */
  onFrame(
    type: number,
    flags: number,
    stream: number,
    payload: Uint8Array,
  ): void;
}

/** Where in the octets the reader stands. */
type Phase =
  | "preface"
  | "header"
  | "padLength"
  | "data"
  | "payload"
  | "skip";

const EMPTY = new Uint8Array(0);

/** Cuts received octets into frames, however they were split on the way. */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #lengthMax: number;
  #phase: Phase;
  /** Octets until the phase is over. */
  #left: number;
  /** The current frame. */
  #type = 0;
  #flags = 0;
  #stream = 0;
  /** Octets of the frame that follow this phase and are to be skipped. */
  #after = 0;
  #seenSettings = false;
  /** The stream whose header block is not complete; 0 for none. */
  #unfinished = 0;
  /** Octets of a header or payload that came in several pieces. */
  #held = new Uint8Array(256);
  #heldLength = 0;

  /**
   * @param fromClient Whether the client's preface comes first.
   * @param lengthMax Our SETTINGS_MAX_FRAME_SIZE.
   */
  constructor(sink: FrameSink, fromClient: boolean, lengthMax: number) {
    this.#sink = sink;
    this.#lengthMax = lengthMax;
    this.#phase = fromClient ? "preface" : "header";
    this.#left = fromClient ? PREFACE.length : FRAME_HEADER_LENGTH;
  }

  /**
   * Reads what arrived.
   *
   * @throws {H2Error} of the connection; nothing may be read after it.
   */
  read(octets: Uint8Array): void {
    let at = 0;
    while (at < octets.length) at = this.#step(octets, at);
  }

  #step(octets: Uint8Array, at: number): number {
    switch (this.#phase) {
      case "data":
        return this.#readData(octets, at);
      case "header":
        return this.#readHeader(octets, at);
      case "payload":
        return this.#readPayload(octets, at);
      case "padLength":
        return this.#readPadLength(octets, at);
      case "skip":
        return this.#skip(octets, at);
      case "preface":
        return this.#readPreface(octets, at);
    }
  }

  #readData(octets: Uint8Array, at: number): number {
    const end = Math.min(octets.length, at + this.#left);
    this.#left -= end - at;
    const last = this.#left === 0;
    const whole = at === 0 && end === octets.length;
    // Before the call: what the sink does may not find us inside this piece.
    if (last) this.#skipOrEnd(this.#after);
    this.#sink.onDataPiece(whole ? octets : octets.subarray(at, end), last);
    return end;
  }

  #readHeader(octets: Uint8Array, at: number): number {
    if (this.#heldLength === 0 && octets.length - at >= FRAME_HEADER_LENGTH) {
      this.#begin(octets, at);
      return at + FRAME_HEADER_LENGTH;
    }
    const end = this.#hold(octets, at);
    if (this.#left === 0) {
      this.#heldLength = 0;
      this.#begin(this.#held, 0);
    }
    return end;
  }

  #begin(header: Uint8Array, at: number): void {
    const length = (header[at]! << 16) | (header[at + 1]! << 8) |
      header[at + 2]!;
    this.#type = header[at + 3]!;
    this.#flags = header[at + 4]!;
    this.#stream = readUint31(header, at + 5);
    checkFrameHeader(this.#type, length, this.#stream, this.#lengthMax);
    this.#checkOrder();
    if (this.#type === FrameType.DATA) this.#beginData(length);
    else this.#beginPayload(length);
  }

  #checkOrder(): void {
    const type = this.#type;
    if (!this.#seenSettings) {
      if (type !== FrameType.SETTINGS || (this.#flags & Flag.ACK) !== 0) {
        throw connectionError("PROTOCOL_ERROR", "first frame is not SETTINGS");
      }
      this.#seenSettings = true;
    }
    const continues = type === FrameType.CONTINUATION;
    if (
      continues ? this.#stream !== this.#unfinished : this.#unfinished !== 0
    ) {
      throw connectionError("PROTOCOL_ERROR", "header block out of order");
    }
    if (!continues && type !== FrameType.HEADERS) return;
    const done = (this.#flags & Flag.END_HEADERS) !== 0;
    this.#unfinished = done ? 0 : this.#stream;
  }

  #beginData(length: number): void {
    const end = (this.#flags & Flag.END_STREAM) !== 0;
    const padded = (this.#flags & Flag.PADDED) !== 0;
    if (padded && length === 0) {
      throw connectionError("FRAME_SIZE_ERROR", "no room for a pad length");
    }
    this.#left = length;
    this.#after = 0;
    this.#phase = padded ? "padLength" : "data";
    this.#sink.onDataFrame(this.#stream, end, length);
    if (length === 0) this.#endEmptyData();
  }

  #readPadLength(octets: Uint8Array, at: number): number {
    const padding = octets[at]!;
    const data = this.#left - 1 - padding;
    if (data < 0) {
      throw connectionError("PROTOCOL_ERROR", "padding longer than its frame");
    }
    this.#left = data;
    this.#after = padding;
    this.#phase = "data";
    this.#sink.onDataPadding(1 + padding);
    if (data === 0) this.#endEmptyData();
    return at + 1;
  }

  #endEmptyData(): void {
    this.#skipOrEnd(this.#after);
    this.#sink.onDataPiece(EMPTY, true);
  }

  #beginPayload(length: number): void {
    const kept = keptOctets(this.#type, length);
    this.#left = kept;
    this.#after = length - kept;
    this.#phase = "payload";
    if (kept === 0) this.#emit(EMPTY);
  }

  #readPayload(octets: Uint8Array, at: number): number {
    if (this.#heldLength === 0 && octets.length - at >= this.#left) {
      const end = at + this.#left;
      this.#emit(octets.subarray(at, end));
      return end;
    }
    const end = this.#hold(octets, at);
    if (this.#left === 0) {
      const payload = this.#held.subarray(0, this.#heldLength);
      this.#heldLength = 0;
      if (this.#held.length > HELD_OCTETS_KEPT) {
        this.#held = new Uint8Array(256);
      }
      this.#emit(payload);
    }
    return end;
  }

  #emit(payload: Uint8Array): void {
    this.#skipOrEnd(this.#after);
    this.#sink.onFrame(this.#type, this.#flags, this.#stream, payload);
  }

  #skip(octets: Uint8Array, at: number): number {
    const end = Math.min(octets.length, at + this.#left);
    this.#left -= end - at;
    if (this.#left === 0) this.#skipOrEnd(0);
    return end;
  }

  #skipOrEnd(length: number): void {
    this.#phase = length > 0 ? "skip" : "header";
    this.#left = length > 0 ? length : FRAME_HEADER_LENGTH;
  }

  #readPreface(octets: Uint8Array, at: number): number {
    const done = PREFACE.length - this.#left;
    const end = Math.min(octets.length, at + this.#left);
    for (let index = at; index < end; index++) {
      if (octets[index] !== PREFACE[done + index - at]) {
        throw connectionError("PROTOCOL_ERROR", "not an HTTP/2 preface");
      }
    }
    this.#left -= end - at;
    if (this.#left === 0) this.#skipOrEnd(0);
    return end;
  }

  /** Copies what belongs to this phase; returns the position after it. */
  #hold(octets: Uint8Array, at: number): number {
    const end = Math.min(octets.length, at + this.#left);
    const length = this.#heldLength + end - at;
    if (this.#held.length < length) {
      // All that is still to come, so that it grows once for a frame.
      const larger = new Uint8Array(this.#heldLength + this.#left);
      larger.set(this.#held.subarray(0, this.#heldLength));
      this.#held = larger;
    }
    this.#held.set(octets.subarray(at, end), this.#heldLength);
    this.#heldLength = length;
    this.#left -= end - at;
    return end;
  }
}

/**
 * Octets of a payload that are worth keeping.
 *
 * @throws {H2Error} ENHANCE_YOUR_CALM when more would have to be kept than the
 *   limits allow.
 */
function keptOctets(type: number, length: number): number {
  switch (type) {
    case FrameType.HEADERS:
    case FrameType.CONTINUATION:
      return atMost(length, HEADER_BLOCK_OCTETS_MAX, "header block");
    case FrameType.SETTINGS:
      return atMost(length, SETTINGS_ENTRIES_MAX * 6, "SETTINGS");
    case FrameType.GOAWAY:
      return Math.min(length, 8 + GOAWAY_DEBUG_OCTETS_MAX);
    case FrameType.PRIORITY:
    case FrameType.PUSH_PROMISE:
      return 0;
    default: // A fixed length for known types; unknown types are skipped.
      return type <= FrameType.CONTINUATION ? length : 0;
  }
}

function atMost(length: number, limit: number, what: string): number {
  if (length <= limit) return length;
  const found = `${what} of ${length} octets`;
  throw connectionError("ENHANCE_YOUR_CALM", found);
}
