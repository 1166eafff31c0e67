import type { HeaderList } from "../hpack/mod.ts";
import { type H2Error, streamError } from "./errors.ts";

/**
 * Fields that speak of one HTTP/1 connection and have no place here (RFC 9113,
 * section 8.2.2).
 */
const CONNECTION_SPECIFIC: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/** The pseudo-header fields of a message, and what its fields say of its body. */
export interface MessageFields {
  readonly pseudo: ReadonlyMap<string, string>;
  readonly host: string | undefined;
  readonly contentLength: number | undefined;
}

const NO_PSEUDO: ReadonlyMap<string, string> = new Map();

/** A malformed message (RFC 9113, section 8.1.1). */
export function malformed(found: string): H2Error {
  return streamError("PROTOCOL_ERROR", `malformed message: ${found}`);
}

/**
 * Checks what holds for the fields of every message.
 *
 * @param allowed The pseudo-header fields it may have.
 * @throws {H2Error} PROTOCOL_ERROR of the stream.
 * @see RFC 9113, sections 8.2 and 8.3
 */
export function readFields(
  fields: HeaderList,
  allowed: ReadonlySet<string>,
): MessageFields {
  let pseudo: Map<string, string> | undefined;
  let host: string | undefined;
  let contentLength: number | undefined;
  let regular = false;
  for (const [name, value] of fields) {
    checkValue(name, value);
    if (name.charCodeAt(0) === 0x3a) {
      if (regular) throw malformed(`"${name}" after a regular field`);
      pseudo = addPseudo(pseudo, name, value, allowed);
      continue;
    }
    regular = true;
    checkName(name);
    if (name === "content-length") {
      contentLength = readContentLength(value, contentLength);
    } else if (name === "host") {
      if (host !== undefined) throw malformed("two host fields");
      host = value;
    } else if (CONNECTION_SPECIFIC.has(name)) {
      throw malformed(`connection-specific field "${name}"`);
    } else if (name === "te" && value !== "trailers") {
      throw malformed(`te "${value}"`);
    }
  }
  return { pseudo: pseudo ?? NO_PSEUDO, host, contentLength };
}

function addPseudo(
  pseudo: Map<string, string> | undefined,
  name: string,
  value: string,
  allowed: ReadonlySet<string>,
): Map<string, string> {
  if (!allowed.has(name)) throw malformed(`field "${name}" not allowed`);
  const all = pseudo ?? new Map<string, string>();
  if (all.has(name)) throw malformed(`two fields "${name}"`);
  return all.set(name, value);
}

/** 1 for the characters of a token in lower case (RFC 9110, section 5.6.2). */
const NAME_CHARACTERS = charactersOf(
  "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz",
);

function charactersOf(text: string): Uint8Array {
  const table = new Uint8Array(256);
  for (let at = 0; at < text.length; at++) table[text.charCodeAt(at)] = 1;
  return table;
}

function checkName(name: string): void {
  if (name.length === 0) throw malformed("field without a name");
  for (let at = 0; at < name.length; at++) {
    if (NAME_CHARACTERS[name.charCodeAt(at)] !== 1) {
      throw malformed(`field name ${JSON.stringify(name)}`);
    }
  }
}

/** @see RFC 9113, section 8.2.1 */
function checkValue(name: string, value: string): void {
  const { length } = value;
  if (length === 0) return;
  if (isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(length - 1))) {
    throw malformed(`blank around the value of "${name}"`);
  }
  for (let at = 0; at < length; at++) {
    const unit = value.charCodeAt(at);
    if (unit < 0x0e && (unit === 0 || unit === 0x0a || unit === 0x0d)) {
      throw malformed(`control character in the value of "${name}"`);
    }
  }
}

function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x09;
}

/** Equal repeated values count as one (RFC 9110, section 8.6). */
function readContentLength(value: string, before: number | undefined): number {
  let length = NaN;
  for (const part of value.split(",")) {
    const digits = part.trim();
    const next = /^[0-9]{1,15}$/.test(digits) ? Number(digits) : NaN;
    if (Number.isNaN(next) || (!Number.isNaN(length) && next !== length)) {
      throw malformed(`content-length "${value}"`);
    }
    length = next;
  }
  if (before !== undefined && before !== length) {
    throw malformed("two different content-length fields");
  }
  return length;
}
