import { joined } from "../../base/octets.ts";
import { connectionError } from "./errors.ts";
import { Flag } from "./frame.ts";
import { CONTINUATION_FRAMES_MAX, HEADER_BLOCK_OCTETS_MAX } from "./limits.ts";

/** A complete header block and the stream that it belongs to. */
export interface HeaderBlock {
  readonly stream: number;
  readonly end: boolean;
  readonly octets: Uint8Array;
}

/** Puts HEADERS and its CONTINUATION frames together (RFC 9113, section 4.3). */
export class HeaderBlockAssembler {
  #stream = 0;
  #end = false;
  #parts: Uint8Array[] = [];
  #length = 0;

  /**
   * Takes a HEADERS frame.
   *
   * @returns the block when this frame holds all of it.
   * @throws {H2Error} of the connection, for padding longer than the frame.
   */
  begin(
    stream: number,
    flags: number,
    payload: Uint8Array,
  ): HeaderBlock | undefined {
    const fragment = withoutPadding(flags, payload);
    const end = (flags & Flag.END_STREAM) !== 0;
    if ((flags & Flag.END_HEADERS) !== 0) {
      return { stream, end, octets: fragment };
    }
    this.#stream = stream;
    this.#end = end;
    this.#parts = [fragment.slice()];
    this.#length = fragment.length;
    return undefined;
  }

  /**
   * Takes a CONTINUATION frame of the block begun last.
   *
   * @returns the block when it is complete.
   * @throws {H2Error} ENHANCE_YOUR_CALM for too many frames or octets.
   */
  continue(flags: number, payload: Uint8Array): HeaderBlock | undefined {
    this.#length += payload.length;
    if (
      this.#parts.length > CONTINUATION_FRAMES_MAX ||
      this.#length > HEADER_BLOCK_OCTETS_MAX
    ) {
      throw connectionError("ENHANCE_YOUR_CALM", "header block too long");
    }
    this.#parts.push(payload.slice());
    if ((flags & Flag.END_HEADERS) === 0) return undefined;
    const octets = joined(this.#parts);
    this.#parts = [];
    return { stream: this.#stream, end: this.#end, octets };
  }
}

/** The field block fragment of a HEADERS frame (RFC 9113, section 6.2). */
function withoutPadding(flags: number, payload: Uint8Array): Uint8Array {
  let start = 0;
  let end = payload.length;
  if ((flags & Flag.PADDED) !== 0) {
    if (end === 0) {
      throw connectionError("FRAME_SIZE_ERROR", "no room for a pad length");
    }
    start = 1;
    end -= payload[0]!;
  }
  if ((flags & Flag.PRIORITY) !== 0) start += 5;
  if (end < start) {
    throw connectionError("PROTOCOL_ERROR", "padding longer than its frame");
  }
  return payload.subarray(start, end);
}
