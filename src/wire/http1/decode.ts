import type { HeaderField, HeaderList } from "../hpack/mod.ts";
import { refusal } from "./errors.ts";
import { type Framing, framingOf, NO_BODY } from "./framing.ts";
import type { Head } from "./head_reader.ts";
import { METHOD_OCTETS_MAX } from "./limits.ts";
import { upgradeProtocols } from "./lists.ts";
import { latin1, LF, SPACE, TOKEN } from "./octets.ts";
import type { Http1Config } from "./options.ts";
import { readFieldLines, ReceivedFields } from "./received_fields.ts";
import { readTarget } from "./target.ts";

/** A request as received. */
export interface RequestHead {
  readonly headers: HeaderList;
  readonly method: string;
  readonly http10: boolean;
  readonly framing: Framing;
  /** The client lets the connection go on. */
  readonly keepAlive: boolean;
  /** The client may wait for 100 before it sends the body. */
  readonly expectsContinue: boolean;
  /** Protocols that a 101 may switch to; empty without an upgrade. */
  readonly upgrade: readonly string[];
}

/** A response as received. */
export interface ResponseHead {
  readonly headers: HeaderList;
  readonly status: number;
  readonly framing: Framing;
  /** The server lets the connection go on. */
  readonly keepAlive: boolean;
  /** Protocols of its Upgrade field, in lower case. */
  readonly upgrade: readonly string[];
}

const HTTP11 = "HTTP/1.1";
const HTTP10 = "HTTP/1.0";

/**
 * Reads the head of a request.
 *
 * @throws {Http1Error} with the status to refuse it with.
 * @see RFC 9112, section 3
 */
export function decodeRequest(head: Head, config: Http1Config): RequestHead {
  const text = latin1(head.octets, head.start, head.end);
  const line = readRequestLine(head, text);
  const http10 = readVersion(line.version, config.http10);
  const { method } = line;
  if (method === "CONNECT" && !config.connect) {
    throw refusal(501, "CONNECT");
  }
  const pseudo: HeaderField[] = [[":method", method]];
  const fields = new ReceivedFields(pseudo);
  // The place of what the fields decide.
  if (method !== "CONNECT") pseudo.push(SCHEMES[config.scheme]);
  const targetAt = pseudo.push(UNKNOWN_AUTHORITY) - 1;
  if (method !== "CONNECT") pseudo.push([":path", line.target]);
  readFieldLines(head, text, line.end, fields);
  const target = readTarget(method, line.target, fields.host, config.scheme);
  pseudo[targetAt] = [":authority", target.authority];
  if (target.path !== undefined && target.path !== line.target) {
    pseudo[targetAt + 1] = [":path", target.path];
  }
  return finishRequest(method, http10, fields);
}

const SCHEMES = {
  http: [":scheme", "http"],
  https: [":scheme", "https"],
} as const;
const UNKNOWN_AUTHORITY: HeaderField = [":authority", ""];

function finishRequest(
  method: string,
  http10: boolean,
  fields: ReceivedFields,
): RequestHead {
  const framing = framingOf({ role: "request", http10 }, fields);
  if (method === "CONNECT" && framing.by !== "nothing") {
    throw refusal(400, "CONNECT with a body");
  }
  fields.removeNamed();
  const expectsContinue = readExpect(http10, framing, fields);
  const upgrade = wantedUpgrade(http10, framing, fields);
  if (upgrade.length > 0) fields.fields.push(["upgrade", upgrade.join(", ")]);
  return {
    headers: fields.fields,
    method,
    http10,
    framing,
    keepAlive: keepsAlive(http10, fields),
    expectsContinue,
    upgrade,
  };
}

interface RequestLine {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  /** Where the first field line begins, counted as in the head's octets. */
  readonly end: number;
}

/** @see RFC 9112, section 3 */
function readRequestLine({ octets, start }: Head, text: string): RequestLine {
  let at = start;
  while (TOKEN[octets[at]!] === 1) at++;
  if (octets[at] !== SPACE || at === start) throw refusal(400, "no method");
  const method = text.slice(0, at - start);
  if (method.length > METHOD_OCTETS_MAX) throw refusal(501, "long method");
  const lineEnd = octets.indexOf(LF, at) - 1;
  const versionAt = octets.lastIndexOf(SPACE, lineEnd) + 1;
  if (versionAt <= at + 1) throw refusal(400, "no request target or version");
  return {
    method,
    target: text.slice(at + 1 - start, versionAt - 1 - start),
    version: text.slice(versionAt - start, lineEnd - start),
    end: lineEnd + 2,
  };
}

/** @returns true for HTTP/1.0. */
function readVersion(version: string, http10: boolean): boolean {
  if (version === HTTP11) return false;
  if (version === HTTP10) {
    if (http10) return true;
    throw refusal(426, "HTTP/1.0");
  }
  if (/^HTTP\/[0-9]\.[0-9]$/.test(version)) throw refusal(505, version);
  throw refusal(400, `version ${JSON.stringify(version.slice(0, 32))}`);
}

function keepsAlive(http10: boolean, { connection }: ReceivedFields): boolean {
  if (connection === undefined) return !http10;
  if (connection.includes("close")) return false;
  return !http10 || connection.includes("keep-alive");
}

/** @see RFC 9110, section 10.1.1 */
function readExpect(
  http10: boolean,
  framing: Framing,
  fields: ReceivedFields,
): boolean {
  const { expect } = fields;
  if (expect === undefined) return false;
  if (expect !== "100-continue") {
    throw refusal(417, `expect ${JSON.stringify(expect)}`);
  }
  if (!http10 && framing.by !== "nothing") return true;
  // Without a body there is nothing to wait for, and HTTP/1.0 knows no 100.
  fields.fields = fields.fields.filter(([name]) => name !== "expect");
  return false;
}

/** @see RFC 9110, section 7.8 */
function wantedUpgrade(
  http10: boolean,
  framing: Framing,
  { upgrade, connection }: ReceivedFields,
): readonly string[] {
  if (upgrade === undefined || http10 || framing.by !== "nothing") return [];
  return connection?.includes("upgrade") ? upgradeProtocols(upgrade) : [];
}

/**
 * Reads the head of a response.
 *
 * @param method The request's.
 * @throws {Http1Error}
 * @see RFC 9112, section 4
 */
export function decodeResponse(head: Head, method: string): ResponseHead {
  const text = latin1(head.octets, head.start, head.end);
  const line = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: [\t -~\x80-\xff]*)?\r\n/
    .exec(text);
  if (line === null) {
    throw refusal(502, `status line ${JSON.stringify(text.slice(0, 64))}`);
  }
  const http10 = line[1] === "0";
  const status = Number(line[2]);
  const fields = new ReceivedFields([[":status", line[2]!]]);
  readFieldLines(head, text, head.start + line[0].length, fields);
  const message = { role: "response", http10, status, method } as const;
  const tunnel = opensTunnel(method, status);
  const framing = tunnel ? NO_BODY : framingOf(message, fields);
  fields.removeNamed();
  const { upgrade = [] } = fields;
  if (status === 101) fields.fields.push(["upgrade", upgrade.join(", ")]);
  if (tunnel || status < 200 || status === 204) dropContentLength(fields);
  const keepAlive = keepsAlive(http10, fields) && framing.by !== "close";
  return { headers: fields.fields, status, framing, keepAlive, upgrade };
}

/** Whether a response turns the connection into a stream of octets. */
export function opensTunnel(method: string, status: number): boolean {
  if (status === 101) return true;
  return method === "CONNECT" && status >= 200 && status < 300;
}

// A length there says nothing, and may not be passed on (RFC 9110, 8.6).
function dropContentLength(fields: ReceivedFields): void {
  if (fields.contentLength === undefined) return;
  fields.fields = fields.fields.filter(([name]) => name !== "content-length");
}

/**
 * Reads a trailer section.
 *
 * @throws {Http1Error} also for fields that delimit or route a message.
 * @see RFC 9110, section 6.5.1
 */
export function decodeTrailers(head: Head): HeaderList {
  const text = latin1(head.octets, head.start, head.end);
  const fields = new ReceivedFields([]);
  readFieldLines(head, text, head.start, fields);
  const { host, contentLength, transferEncoding } = fields;
  if (
    host !== undefined || contentLength !== undefined ||
    transferEncoding !== undefined
  ) throw refusal(400, "trailers that delimit or route the message");
  return fields.fields;
}
