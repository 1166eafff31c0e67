import type { HeaderField } from "../hpack/mod.ts";
import { refusal } from "./errors.ts";
import type { Head } from "./head_reader.ts";
import { CONTENT_LENGTH_DIGITS_MAX } from "./limits.ts";
import { listOf } from "./lists.ts";
import {
  allIn,
  COLON,
  CR,
  FIELD_VALUE,
  latin1,
  LF,
  SPACE,
  TAB,
  TOKEN,
  TOKEN_LOWER,
} from "./octets.ts";

/** The fields that are the application's, and what the others said. */
export class ReceivedFields {
  /** In HTTP/2's form, without those that speak of the connection. */
  fields: HeaderField[];
  host: string | undefined;
  contentLength: number | undefined;
  /** In lower case. */
  transferEncoding: string | undefined;
  /** Options of all Connection fields, in lower case. */
  connection: readonly string[] | undefined;
  /** Protocols of all Upgrade fields, in lower case. */
  upgrade: readonly string[] | undefined;
  expect: string | undefined;

  /** @param pseudo The list's first fields. */
  constructor(pseudo: HeaderField[]) {
    this.fields = pseudo;
  }

  /** @throws {Http1Error} when a field is not well-formed or contradicts one. */
  add(name: string, value: string): void {
    switch (name) {
      case "host":
        if (this.host !== undefined) throw refusal(400, "two host fields");
        this.host = value;
        return;
      case "content-length":
        this.#addContentLength(value);
        break;
      case "transfer-encoding":
        if (this.transferEncoding !== undefined) {
          throw refusal(400, "two transfer-encoding fields");
        }
        this.transferEncoding = value.toLowerCase();
        return;
      case "connection":
        this.connection = listOf(value, this.connection);
        return;
      case "upgrade":
        this.upgrade = listOf(value, this.upgrade);
        return;
      case "te":
        if (listOf(value).includes("trailers")) break;
        return;
      case "keep-alive":
      case "proxy-connection":
        return;
      case "expect":
        if (this.expect !== undefined) throw refusal(417, "two expect fields");
        this.expect = value.toLowerCase();
        break;
    }
    this.fields.push([name, name === "te" ? "trailers" : value]);
  }

  /** @see RFC 9112, section 6.3 */
  #addContentLength(value: string): void {
    if (this.contentLength !== undefined) {
      throw refusal(400, "two content-length fields");
    }
    if (!/^(?:0|[1-9][0-9]*)$/.test(value)) {
      throw refusal(400, `content-length ${JSON.stringify(value)}`);
    }
    if (value.length > CONTENT_LENGTH_DIGITS_MAX) {
      throw refusal(413, `content-length of ${value.length} digits`);
    }
    this.contentLength = Number(value);
  }

  /**
   * Removes what the Connection fields name.
   *
   * @throws {Http1Error} when they name what delimits or routes the message, or
   *   what can be no name.
   * @see RFC 9110, section 7.6.1
   */
  removeNamed(): void {
    const named = this.connection?.filter((name) => !KNOWN_OPTIONS.has(name));
    if (named === undefined || named.length === 0) return;
    for (const name of named) {
      if (!NEVER_NAMED.has(name) && allIn(TOKEN, name)) continue;
      throw refusal(400, `connection field names ${JSON.stringify(name)}`);
    }
    this.fields = this.fields.filter(([name]) => !named.includes(name));
  }
}

/** Options that name nothing that is still in the list. */
const KNOWN_OPTIONS: ReadonlySet<string> = new Set([
  "close",
  "keep-alive",
  "te",
  "transfer-encoding",
  "upgrade",
]);

const NEVER_NAMED: ReadonlySet<string> = new Set(["content-length", "host"]);

/**
 * Reads field lines into `into`.
 *
 * @param text The head's octets as characters.
 * @param at Where the first field line begins, counted as in `head.octets`.
 * @throws {Http1Error} 400 for the first line that is not well-formed.
 * @see RFC 9112, section 5
 */
export function readFieldLines(
  head: Head,
  text: string,
  at: number,
  into: ReceivedFields,
): void {
  const { octets, start, end } = head;
  while (octets[at] !== CR || at + 2 !== end) {
    const colon = endOfName(octets, at);
    const name = text.slice(at - start, colon - start).toLowerCase();
    const from = skipBlanks(octets, colon + 1);
    const lineEnd = endOfValue(octets, from, name);
    const to = trimBlanks(octets, from, lineEnd);
    into.add(name, text.slice(from - start, to - start));
    at = lineEnd + 2;
  }
}

/** @returns where the colon is. */
function endOfName(octets: Uint8Array, from: number): number {
  let at = from;
  while (TOKEN_LOWER[octets[at]!] !== 0) at++;
  if (octets[at] === COLON && at > from) return at;
  throw refusal(400, describeName(octets, from, at));
}

function describeName(octets: Uint8Array, from: number, at: number): string {
  const octet = octets[at];
  const name = JSON.stringify(latin1(octets, from, Math.min(at, from + 64)));
  if (at > from) return `octet ${octet} in or after field name ${name}`;
  if (octet === SPACE || octet === TAB) return "folded field line";
  return octet === COLON ? "empty field name" : `octet ${octet} as field name`;
}

function skipBlanks(octets: Uint8Array, at: number): number {
  while (octets[at] === SPACE || octets[at] === TAB) at++;
  return at;
}

function trimBlanks(octets: Uint8Array, from: number, to: number): number {
  while (to > from && (octets[to - 1] === SPACE || octets[to - 1] === TAB)) {
    to--;
  }
  return to;
}

/** @returns where the line's carriage return is. */
function endOfValue(octets: Uint8Array, from: number, name: string): number {
  let at = from;
  while (FIELD_VALUE[octets[at]!] !== 0) at++;
  if (octets[at] === CR && octets[at + 1] === LF) return at;
  const what = octets[at] === CR ? "bare carriage return" : "control octet";
  throw refusal(400, `${what} in the value of "${name}"`);
}
