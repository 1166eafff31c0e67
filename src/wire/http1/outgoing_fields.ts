import type { HeaderList } from "../hpack/mod.ts";
import { CONTENT_LENGTH_DIGITS_MAX } from "./limits.ts";
import { FIELD_VALUE, TOKEN_LOWER } from "./octets.ts";

/** What a header list that is to be sent says, besides its other fields. */
export interface OutgoingFields {
  readonly list: HeaderList;
  method?: string;
  authority?: string;
  path?: string;
  status?: string;
  contentLength?: number;
  /** Of the TE field: trailers are welcome. */
  trailers?: boolean;
  upgrade?: string;
  /** Cookie fields joined, for HTTP/2 may send them apart. */
  cookie?: string;
  /** Names in the Connection field. */
  named?: readonly string[];
  /** Octets that the fields need at most. */
  size: number;
}

/** Octets that a line needs besides its name and value. */
const LINE_OVERHEAD = 4;

/**
 * Looks through a header list that is to be sent.
 *
 * @returns what cannot be sent, as text.
 */
export function inspectFields(list: HeaderList): OutgoingFields | string {
  const fields: OutgoingFields = { list, size: 0 };
  for (const [name, value] of list) {
    fields.size += name.length + value.length + LINE_OVERHEAD;
    const fault = inspect(fields, name, value);
    if (fault !== undefined) return fault;
  }
  return fields;
}

function inspect(
  fields: OutgoingFields,
  name: string,
  value: string,
): string | undefined {
  switch (name) {
    case ":method":
      fields.method = value;
      return;
    case ":authority":
      fields.authority = value;
      return;
    case ":path":
      fields.path = value;
      return;
    case ":status":
      fields.status = value;
      return;
    case "host":
      fields.authority ??= value;
      return;
    case "content-length":
      return inspectContentLength(fields, value);
    case "te":
      fields.trailers = /^trailers$/i.test(value) || fields.trailers === true;
      return;
    case "upgrade":
      fields.upgrade = value;
      return;
    case "cookie":
      fields.cookie = fields.cookie === undefined
        ? value
        : `${fields.cookie}; ${value}`;
      return;
    case "connection":
      fields.named = [...fields.named ?? [], ...namesIn(value)];
  }
}

function namesIn(connection: string): string[] {
  return connection.toLowerCase().split(",").map((name) => name.trim());
}

/** Equal repeated values count as one, as in HTTP/2. */
function inspectContentLength(
  fields: OutgoingFields,
  value: string,
): string | undefined {
  const valid = value.length <= CONTENT_LENGTH_DIGITS_MAX &&
    /^[0-9]+$/.test(value);
  const length = valid ? Number(value) : undefined;
  if (!valid || (fields.contentLength ?? length) !== length) {
    return `content-length ${JSON.stringify(value)}`;
  }
  fields.contentLength = Number(value);
}

/**
 * Whether the field is written by whoever writes the head, or belongs to the
 * connection of the other side (RFC 9110, section 7.6.1).
 */
function isSkipped(name: string): boolean {
  switch (name) {
    case "connection":
    case "content-length":
    case "cookie":
    case "host":
    case "keep-alive":
    case "proxy-connection":
    case "te":
    case "transfer-encoding":
    case "upgrade":
      return true;
    default:
      return name.charCodeAt(0) === 0x3a;
  }
}

/** Where a head is written. */
export interface Cursor {
  readonly into: Uint8Array;
  at: number;
}

/**
 * Writes the field lines of a list that was looked through, `cookie` last.
 *
 * @returns what cannot be sent, as text.
 */
export function writeFields(
  { list, named, cookie }: OutgoingFields,
  to: Cursor,
): string | undefined {
  for (const [name, value] of list) {
    if (isSkipped(name) || named?.includes(name)) continue;
    if (!writeLine(to, name, value)) return faultOf(name);
  }
  if (cookie === undefined || named?.includes("cookie")) return;
  return writeLine(to, "cookie", cookie) ? undefined : faultOf("cookie");
}

function faultOf(name: string): string {
  return `field ${JSON.stringify(name)} with a character that cannot be sent`;
}

/**
 * Writes one field line.
 *
 * @returns false when a character would be no part of the name or the value.
 */
export function writeLine(to: Cursor, name: string, value: string): boolean {
  if (name.length === 0) return false;
  let { at } = to;
  const { into } = to;
  for (let i = 0; i < name.length; i++) {
    const lower = TOKEN_LOWER[name.charCodeAt(i)];
    if (lower === undefined || lower === 0) return false;
    into[at++] = lower;
  }
  into[at++] = 0x3a;
  into[at++] = 0x20;
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    if (FIELD_VALUE[unit] !== 1) return false;
    into[at++] = unit;
  }
  into[at++] = 0x0d;
  into[at++] = 0x0a;
  to.at = at;
  return true;
}

/** Writes text that was checked or is our own. */
export function writeText(to: Cursor, text: string): void {
  const { into } = to;
  let { at } = to;
  for (let i = 0; i < text.length; i++) into[at++] = text.charCodeAt(i);
  to.at = at;
}
