import type { HeaderList } from "../hpack/mod.ts";
import { decodeTrailers } from "./decode.ts";
import { refusal } from "./errors.ts";
import { HeadReader } from "./head_reader.ts";
import {
  CHUNK_EXTENSION_OCTETS_MAX,
  CHUNK_SIZE_DIGITS_MAX,
  FIELD_LINE_OCTETS_MAX,
  TRAILER_FIELDS_MAX,
  TRAILERS_OCTETS_MAX,
} from "./limits.ts";
import { CR, EMPTY, FIELD_VALUE, HEX_VALUE, LF, SEMICOLON } from "./octets.ts";

/** What a body consists of, in order. The last call has `end`. */
export interface BodySink {
  /** A view of what was read; empty only with `end`. */
  onBody(octets: Uint8Array, end: boolean): void;
  onTrailers(fields: HeaderList): void;
}

/** What the next octet of a chunked body belongs to. */
type Place =
  | "size"
  | "extension"
  | "sizeLineFeed"
  | "data"
  | "dataReturn"
  | "dataLineFeed"
  | "trailers";

/**
 * Reads chunked bodies (RFC 9112, section 7.1), one after the other. Extensions
 * are skipped, payload is handed out as views.
 */
export class ChunkReader {
  readonly #sink: BodySink;
  readonly #trailers = new HeadReader("trailers", {
    startLineOctetsMax: FIELD_LINE_OCTETS_MAX,
    fieldLineOctetsMax: FIELD_LINE_OCTETS_MAX,
    octetsMax: TRAILERS_OCTETS_MAX,
    fieldsMax: TRAILER_FIELDS_MAX,
  });
  #place: Place = "size";
  #size = 0;
  #digits = 0;
  #extensionOctets = 0;

  constructor(sink: BodySink) {
    this.#sink = sink;
  }

  /** As BodyReader.read(). */
  read(octets: Uint8Array, from: number): number {
    let at = from;
    while (at < octets.length) {
      if (this.#place === "data") {
        at = this.#readData(octets, at);
      } else if (this.#place === "trailers") {
        at = this.#trailers.read(octets, at);
        if (at === -1) return octets.length;
        this.#end();
        return at;
      } else {
        this.#readOctet(octets[at++]!);
      }
    }
    return at;
  }

  #readData(octets: Uint8Array, from: number): number {
    const to = Math.min(octets.length, from + this.#size);
    this.#size -= to - from;
    if (this.#size === 0) this.#place = "dataReturn";
    this.#sink.onBody(octets.subarray(from, to), false);
    return to;
  }

  #readOctet(octet: number): void {
    switch (this.#place) {
      case "size":
        return this.#readSize(octet);
      case "extension":
        return this.#readExtension(octet);
      case "sizeLineFeed":
        expect(octet, LF, "behind a chunk size");
        this.#place = this.#size === 0 ? "trailers" : "data";
        return;
      case "dataReturn":
        expect(octet, CR, "behind a chunk");
        this.#place = "dataLineFeed";
        return;
      case "dataLineFeed":
        expect(octet, LF, "behind a chunk");
        this.#place = "size";
    }
  }

  #readSize(octet: number): void {
    const value = HEX_VALUE[octet]!;
    if (value <= 15) {
      if (++this.#digits > CHUNK_SIZE_DIGITS_MAX) {
        throw refusal(413, `chunk size above ${CHUNK_SIZE_DIGITS_MAX} digits`);
      }
      this.#size = this.#size * 16 + value;
      return;
    }
    const ended = octet === CR || octet === SEMICOLON;
    if (!ended || this.#digits === 0) {
      throw refusal(400, `octet ${octet} in a chunk size`);
    }
    this.#digits = 0;
    this.#place = octet === CR ? "sizeLineFeed" : "extension";
  }

  #readExtension(octet: number): void {
    if (++this.#extensionOctets > CHUNK_EXTENSION_OCTETS_MAX) {
      const found = `chunk extensions above ${CHUNK_EXTENSION_OCTETS_MAX}`;
      throw refusal(400, `${found} octets`);
    }
    if (octet === CR) this.#place = "sizeLineFeed";
    else if (FIELD_VALUE[octet] === 0) {
      throw refusal(400, `octet ${octet} in a chunk extension`);
    }
  }

  #end(): void {
    const fields = decodeTrailers(this.#trailers.takeHead());
    this.#place = "size";
    this.#extensionOctets = 0;
    if (fields.length > 0) this.#sink.onTrailers(fields);
    else this.#sink.onBody(EMPTY, true);
  }
}

function expect(octet: number, wanted: number, where: string): void {
  if (octet !== wanted) throw refusal(400, `octet ${octet} ${where}`);
}
