import { assert } from "../../base/assert.ts";
import { type ErrorStatus, refusal } from "./errors.ts";
import { CR, EMPTY, LF, TOKEN } from "./octets.ts";

/** How much of a head or trailer section is read. */
export interface HeadLimits {
  /** Of the first line of a head, without its end. */
  readonly startLineOctetsMax: number;
  /** Of a field line, without its end. */
  readonly fieldLineOctetsMax: number;
  /** Of all lines with their ends. */
  readonly octetsMax: number;
  readonly fieldsMax: number;
}

/** The lines of a head up to and with the empty one, in one piece. */
export interface Head {
  readonly octets: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** What the first line is, and what an empty one in its place means. */
export type HeadKind = "request" | "response" | "trailers";

/** Octets first kept of a head that came in pieces. */
const KEPT_OCTETS_MIN = 1_024;

/**
 * Finds the end of a head in octets split anywhere. Only line ends and lengths
 * are checked here, in the order of the octets, so that a refusal does not
 * depend on how they were split. A head that came in one piece is not copied.
 */
export class HeadReader {
  readonly #kind: HeadKind;
  readonly #limits: HeadLimits;
  #head: Head | undefined;
  #kept: Uint8Array = EMPTY;
  #keptLength = 0;
  /** Where the head and its current line begin, counted from the first octet. */
  #headStart = 0;
  #lineStart = 0;
  #lines = 0;

  constructor(kind: HeadKind, limits: HeadLimits) {
    this.#kind = kind;
    this.#limits = limits;
  }

  /** No octet of a head has come. */
  get idle(): boolean {
    return this.#keptLength === this.#headStart;
  }

  /**
   * Reads on.
   *
   * @returns the position behind the head, which waits in takeHead(); -1 when
   *   all octets were taken and the head goes on.
   * @throws {Http1Error} when it cannot become a valid head.
   */
  read(octets: Uint8Array, from: number): number {
    if (this.#keptLength === 0) this.#checkFirst(octets[from]);
    for (let at = from;;) {
      const lineFeed = octets.indexOf(LF, at);
      if (lineFeed === -1) break;
      const before = lineFeed > from
        ? octets[lineFeed - 1]
        : this.#kept[this.#keptLength - 1];
      const length = this.#keptLength + lineFeed - from;
      at = lineFeed + 1;
      if (this.#endLine(length, before)) return this.#finish(octets, from, at);
    }
    this.#checkLengths(this.#keptLength + octets.length - from);
    this.#keep(octets, from, octets.length);
    return -1;
  }

  /** The head whose end was found, once. */
  takeHead(): Head {
    const head = this.#head;
    assert(head !== undefined, "no head");
    this.#head = undefined;
    return head;
  }

  // Tells garbage at once, without waiting for a line end that may never come.
  #checkFirst(octet: number | undefined): void {
    if (octet === undefined || octet === CR || TOKEN[octet] === 1) return;
    throw refusal(400, `octet ${octet} at the start of a message`);
  }

  /**
   * @param length Octets in front of the line feed.
   * @returns true for the empty line at the end.
   */
  #endLine(length: number, before: number | undefined): boolean {
    this.#checkLengths(length);
    if (before !== CR) throw refusal(400, "line feed without carriage return");
    const empty = length - this.#lineStart === 1;
    this.#lineStart = length + 1;
    if (empty) return this.#endEmptyLine(length + 1);
    this.#lines++;
    const fields = this.#lines - (this.#kind === "trailers" ? 0 : 1);
    if (fields > this.#limits.fieldsMax) {
      throw refusal(431, `more than ${this.#limits.fieldsMax} fields`);
    }
    return false;
  }

  // One empty line in front of a request is let pass, for clients that send
  // one behind a body (RFC 9112, section 2.2).
  #endEmptyLine(length: number): boolean {
    if (this.#lines > 0 || this.#kind === "trailers") return true;
    if (this.#kind === "request" && this.#headStart === 0) {
      this.#headStart = length;
      return false;
    }
    throw refusal(400, "empty line in place of a message");
  }

  /** Refuses what is too long by the limit that was passed first. */
  #checkLengths(length: number): void {
    const limits = this.#limits;
    const first = this.#lines === 0 && this.#kind !== "trailers";
    const lineMax = first
      ? limits.startLineOctetsMax
      : limits.fieldLineOctetsMax;
    const lineLimit = this.#lineStart + lineMax + 2;
    const headLimit = this.#headStart + limits.octetsMax;
    if (length < lineLimit && length < headLimit) return;
    if (headLimit < lineLimit) {
      throw refusal(431, `head above ${limits.octetsMax} octets`);
    }
    const status: ErrorStatus = first ? 414 : 431;
    throw refusal(status, `line above ${lineMax} octets`);
  }

  #finish(octets: Uint8Array, from: number, end: number): number {
    const start = this.#headStart;
    if (this.#keptLength === 0) {
      this.#head = { octets, start: from + start, end };
    } else {
      this.#keep(octets, from, end);
      this.#head = { octets: this.#kept, start, end: this.#keptLength };
      this.#kept = EMPTY;
    }
    this.#keptLength = 0;
    this.#headStart = 0;
    this.#lineStart = 0;
    this.#lines = 0;
    return end;
  }

  #keep(octets: Uint8Array, from: number, to: number): void {
    const length = this.#keptLength + to - from;
    if (length > this.#kept.length) {
      const grown = Math.max(KEPT_OCTETS_MIN, length * 2);
      const kept = new Uint8Array(grown);
      kept.set(this.#kept.subarray(0, this.#keptLength));
      this.#kept = kept;
    }
    this.#kept.set(octets.subarray(from, to), this.#keptLength);
    this.#keptLength = length;
  }
}
