import type { HeaderList, HpackEncoder } from "../hpack/mod.ts";
import {
  Flag,
  FRAME_HEADER_LENGTH,
  FrameType,
  writeFrameHeader,
  writeUint32,
} from "./frame.ts";
import { DATA_COPY_MAX, SCRATCH_OCTETS } from "./limits.ts";

/**
 * Frames on their way out. Small ones are gathered in a scratch buffer, DATA is
 * kept by reference. A buffer handed out is never written to again: the next
 * frames go behind it or into a new one.
 */
export class FrameWriter {
  readonly #onOutput: () => void;
  #chunks: Uint8Array[] = [];
  #scratch = new Uint8Array(SCRATCH_OCTETS);
  /** Start of what is in the scratch buffer and in no chunk yet. */
  #from = 0;
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
    this.#cut();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#length = 0;
    return chunks;
  }

  /** Adds octets that are no frame: the client's preface. */
  raw(octets: Uint8Array): void {
    this.#reserve(octets.length);
    this.#scratch.set(octets, this.#at);
    this.#commit(octets.length);
  }

  settings(entries: readonly (readonly [id: number, value: number])[]): void {
    let at = this.#frame(entries.length * 6, FrameType.SETTINGS, 0, 0);
    for (const [id, value] of entries) {
      this.#scratch[at] = id >>> 8;
      this.#scratch[at + 1] = id;
      writeUint32(this.#scratch, at + 2, value);
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
    this.#scratch.set(opaque, at);
    this.#commit(FRAME_HEADER_LENGTH + 8);
  }

  goAway(lastStream: number, code: number, debug: Uint8Array): void {
    const at = this.#frame(8 + debug.length, FrameType.GOAWAY, 0, 0);
    writeUint32(this.#scratch, at, lastStream);
    writeUint32(this.#scratch, at + 4, code);
    this.#scratch.set(debug, at + 8);
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
    const length = encoder.encode(fields, this.#scratch, start) - start;
    const flags = options.end ? Flag.END_STREAM : 0;
    if (length <= options.lengthMax) {
      const all = flags | Flag.END_HEADERS;
      this.#frame(length, FrameType.HEADERS, all, stream);
      this.#commit(FRAME_HEADER_LENGTH + length);
      return;
    }
    const block = this.#scratch.slice(start, start + length);
    this.#headerFrames(stream, block, flags, options.lengthMax);
  }

  /** Adds one DATA frame; `octets` must not change until it was written. */
  data(stream: number, octets: Uint8Array, end: boolean): void {
    const { length } = octets;
    const flags = end ? Flag.END_STREAM : 0;
    if (length <= DATA_COPY_MAX) {
      this.#reserve(FRAME_HEADER_LENGTH + length);
      const at = this.#frame(length, FrameType.DATA, flags, stream);
      this.#scratch.set(octets, at);
      this.#commit(FRAME_HEADER_LENGTH + length);
      return;
    }
    this.#at = this.#frame(length, FrameType.DATA, flags, stream);
    this.#cut();
    this.#chunks.push(octets);
    this.#count(FRAME_HEADER_LENGTH + length);
  }

  /** As data(), for a payload that has nine free octets in front of it. */
  dataInPlace(
    stream: number,
    buffer: Uint8Array,
    offset: number,
    length: number,
    end: boolean,
  ): void {
    const start = offset - FRAME_HEADER_LENGTH;
    const flags = end ? Flag.END_STREAM : 0;
    writeFrameHeader(buffer, start, length, FrameType.DATA, flags, stream);
    this.#cut();
    this.#chunks.push(buffer.subarray(start, offset + length));
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
      this.#scratch.set(part, payload);
      this.#commit(FRAME_HEADER_LENGTH + part.length);
    }
  }

  #uint32Frame(type: number, stream: number, value: number): void {
    const at = this.#frame(4, type, 0, stream);
    writeUint32(this.#scratch, at, value);
    this.#commit(FRAME_HEADER_LENGTH + 4);
  }

  /** Writes a frame header; returns where the payload goes. */
  #frame(length: number, type: number, flags: number, stream: number): number {
    const room = type === FrameType.DATA && length > DATA_COPY_MAX ? 0 : length;
    this.#reserve(FRAME_HEADER_LENGTH + room);
    writeFrameHeader(this.#scratch, this.#at, length, type, flags, stream);
    return this.#at + FRAME_HEADER_LENGTH;
  }

  #reserve(length: number): void {
    if (this.#scratch.length - this.#at >= length) return;
    this.#cut();
    this.#scratch = new Uint8Array(Math.max(SCRATCH_OCTETS, length));
    this.#from = 0;
    this.#at = 0;
  }

  /** Makes a chunk of what was gathered. */
  #cut(): void {
    if (this.#at === this.#from) return;
    this.#chunks.push(this.#scratch.subarray(this.#from, this.#at));
    this.#from = this.#at;
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
