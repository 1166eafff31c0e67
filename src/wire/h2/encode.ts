import type { HeaderList, HpackEncoder } from "../hpack/mod.ts";
import {
  Flag,
  FRAME_HEADER_LENGTH,
  FrameType,
  writeFrameHeader,
  writeUint32,
} from "./frame.ts";
import { OUTPUT_BUFFER_OCTETS } from "./limits.ts";
import { takeOutputBuffer } from "./output_buffers.ts";

/**
 * Frames on their way out, one behind the other in as few buffers as hold them.
 * A buffer handed out is never written to again, until somebody recycles it.
 */
export class FrameWriter {
  readonly #onOutput: () => void;
  #chunks: Uint8Array[] = [];
  /** What is being filled; of length 0 while nothing waits. */
  #buffer: Uint8Array = NONE;
  #at = 0;
  #length = 0;

  /** @param onOutput Called after a frame was added to an empty output. */
  constructor(onOutput: () => void) {
    this.#onOutput = onOutput;
  }

  /** Octets that wait to be taken. */
  get length(): number {
    return this.#length;
  }

  /** Removes and returns all frames, in order. */
  take(): Uint8Array[] {
    this.#close();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#length = 0;
    return chunks;
  }

  /** Adds octets that are no frame: the client's preface. */
  raw(octets: Uint8Array): void {
    this.#reserve(octets.length);
    this.#buffer.set(octets, this.#at);
    this.#commit(octets.length);
  }

  settings(entries: readonly (readonly [id: number, value: number])[]): void {
    let at = this.#frame(entries.length * 6, FrameType.SETTINGS, 0, 0);
    for (const [id, value] of entries) {
      this.#buffer[at] = id >>> 8;
      this.#buffer[at + 1] = id;
      writeUint32(this.#buffer, at + 2, value);
      at += 6;
    }
    this.#commit(FRAME_HEADER_LENGTH + entries.length * 6);
  }

  settingsAck(): void {
    this.#frame(0, FrameType.SETTINGS, Flag.ACK, 0);
    this.#commit(FRAME_HEADER_LENGTH);
  }

  /** @param opaque Eight octets. */
  ping(opaque: Uint8Array, ack: boolean): void {
    const at = this.#frame(8, FrameType.PING, ack ? Flag.ACK : 0, 0);
    this.#buffer.set(opaque, at);
    this.#commit(FRAME_HEADER_LENGTH + 8);
  }

  goAway(lastStream: number, code: number, debug: Uint8Array): void {
    const at = this.#frame(8 + debug.length, FrameType.GOAWAY, 0, 0);
    writeUint32(this.#buffer, at, lastStream);
    writeUint32(this.#buffer, at + 4, code);
    this.#buffer.set(debug, at + 8);
    this.#commit(FRAME_HEADER_LENGTH + 8 + debug.length);
  }

  resetStream(stream: number, code: number): void {
    this.#uint32Frame(FrameType.RST_STREAM, stream, code);
  }

  /** @param stream 0 for the connection's window. */
  windowUpdate(stream: number, increment: number): void {
    this.#uint32Frame(FrameType.WINDOW_UPDATE, stream, increment);
  }

  /** Adds HEADERS, and CONTINUATION where one frame cannot hold the block. */
  headers(
    stream: number,
    fields: HeaderList,
    encoder: HpackEncoder,
    options: { end: boolean; lengthMax: number },
  ): void {
    this.#reserve(FRAME_HEADER_LENGTH + encoder.lengthMax(fields));
    const start = this.#at + FRAME_HEADER_LENGTH;
    const length = encoder.encode(fields, this.#buffer, start) - start;
    const flags = options.end ? Flag.END_STREAM : 0;
    if (length <= options.lengthMax) {
      const all = flags | Flag.END_HEADERS;
      this.#frame(length, FrameType.HEADERS, all, stream);
      this.#commit(FRAME_HEADER_LENGTH + length);
      return;
    }
    const block = this.#buffer.slice(start, start + length);
    this.#headerFrames(stream, block, flags, options.lengthMax);
  }

  /** Adds one DATA frame. */
  data(stream: number, octets: Uint8Array, end: boolean): void {
    const { length } = octets;
    const flags = end ? Flag.END_STREAM : 0;
    this.#reserve(Math.min(FRAME_HEADER_LENGTH + length, LARGE));
    const at = this.#frame(length, FrameType.DATA, flags, stream);
    this.#at = at;
    this.#copy(octets);
    this.#count(FRAME_HEADER_LENGTH + length);
  }

  #headerFrames(
    stream: number,
    block: Uint8Array,
    flags: number,
    lengthMax: number,
  ): void {
    for (let at = 0; at < block.length; at += lengthMax) {
      const part = block.subarray(at, at + lengthMax);
      const last = at + lengthMax >= block.length ? Flag.END_HEADERS : 0;
      const type = at === 0 ? FrameType.HEADERS : FrameType.CONTINUATION;
      const first = at === 0 ? flags : 0;
      const payload = this.#frame(part.length, type, first | last, stream);
      this.#buffer.set(part, payload);
      this.#commit(FRAME_HEADER_LENGTH + part.length);
    }
  }

  #uint32Frame(type: number, stream: number, value: number): void {
    const at = this.#frame(4, type, 0, stream);
    writeUint32(this.#buffer, at, value);
    this.#commit(FRAME_HEADER_LENGTH + 4);
  }

  /** Writes a frame header; returns where the payload goes. */
  #frame(length: number, type: number, flags: number, stream: number): number {
    if (type !== FrameType.DATA) this.#reserve(FRAME_HEADER_LENGTH + length);
    writeFrameHeader(this.#buffer, this.#at, length, type, flags, stream);
    return this.#at + FRAME_HEADER_LENGTH;
  }

  /** Copies octets behind what is there, into as many buffers as it takes. */
  #copy(octets: Uint8Array): void {
    for (let from = 0; from < octets.length;) {
      this.#reserve(1);
      const room = this.#buffer.length - this.#at;
      const part = from === 0 && octets.length <= room
        ? octets
        : octets.subarray(from, from + room);
      this.#buffer.set(part, this.#at);
      this.#at += part.length;
      from += part.length;
    }
  }

  /** Once a buffer was filled in this turn, more is likely to come. */
  #reserve(length: number): void {
    if (this.#buffer.length - this.#at >= length) return;
    const more = this.#length > 0 ? LARGE : 0;
    this.#close();
    this.#buffer = takeOutputBuffer(Math.max(length, more));
  }

  /** Makes a chunk of what was gathered, and lets go of its buffer. */
  #close(): void {
    if (this.#at > 0) this.#chunks.push(this.#buffer.subarray(0, this.#at));
    this.#buffer = NONE;
    this.#at = 0;
  }

  #commit(length: number): void {
    this.#at += length;
    this.#count(length);
  }

  // The handler may take the output at once, so the frame has to be complete.
  #count(length: number): void {
    const wasEmpty = this.#length === 0;
    this.#length += length;
    if (wasEmpty) this.#onOutput();
  }
}

const NONE = new Uint8Array(0);
const LARGE = OUTPUT_BUFFER_OCTETS.large;
