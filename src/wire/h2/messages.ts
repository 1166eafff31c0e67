import type { HeaderList } from "../hpack/mod.ts";
import { malformed, type MessageFields, readFields } from "./fields.ts";

/** What a stream has to know of a request. */
export interface RequestFacts {
  readonly method: string;
  /** Octets of DATA announced; undefined when not, and for CONNECT. */
  readonly contentLength: number | undefined;
  /** Only DATA may follow (RFC 9113, section 8.5). */
  readonly tunnel: boolean;
}

/** What a stream has to know of a response. */
export interface ResponseFacts {
  readonly informational: boolean;
  /** Octets of DATA to come; undefined when not announced. */
  readonly contentLength: number | undefined;
  /** Only DATA may follow (RFC 9113, section 8.5). */
  readonly tunnel: boolean;
}

const REQUEST = new Set([":method", ":scheme", ":authority", ":path"]);
const EXTENDED_REQUEST = new Set([...REQUEST, ":protocol"]);
const RESPONSE = new Set([":status"]);
const TRAILERS = new Set<string>();

/**
 * Checks a request's header fields.
 *
 * @param extendedConnect Whether CONNECT may name a protocol.
 * @throws {H2Error} PROTOCOL_ERROR of the stream.
 * @see RFC 9113, sections 8.3.1 and 8.5, and RFC 8441, section 4
 */
export function readRequest(
  fields: HeaderList,
  extendedConnect = false,
): RequestFacts {
  const message = readFields(
    fields,
    extendedConnect ? EXTENDED_REQUEST : REQUEST,
  );
  const method = message.pseudo.get(":method");
  if (method === undefined || !isToken(method)) throw malformed("no method");
  const protocol = message.pseudo.get(":protocol");
  if (method === "CONNECT") {
    if (protocol === undefined) checkConnect(message);
    else checkExtendedConnect(message, protocol);
    return { method, contentLength: undefined, tunnel: true };
  }
  if (protocol !== undefined) throw malformed("protocol without CONNECT");
  checkTarget(message, method);
  return { method, contentLength: message.contentLength, tunnel: false };
}

function isToken(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text);
}

function checkConnect({ pseudo }: MessageFields): void {
  if (pseudo.has(":scheme") || pseudo.has(":path")) {
    throw malformed("CONNECT with a scheme or path");
  }
  if ((pseudo.get(":authority") ?? "") === "") {
    throw malformed("CONNECT without an authority");
  }
}

/** It has the target of any other request. */
function checkExtendedConnect(message: MessageFields, protocol: string): void {
  if (!isToken(protocol)) throw malformed(`protocol "${protocol}"`);
  checkTarget(message, "CONNECT");
}

function checkTarget({ pseudo, host }: MessageFields, method: string): void {
  const scheme = pseudo.get(":scheme");
  const path = pseudo.get(":path");
  if (scheme === undefined || !/^[A-Za-z][A-Za-z0-9+.-]*$/.test(scheme)) {
    throw malformed("no scheme");
  }
  if (path === undefined || path === "") throw malformed("no path");
  if (scheme !== "http" && scheme !== "https") return;
  const asterisk = path === "*" && method === "OPTIONS";
  if (!asterisk && path[0] !== "/") throw malformed(`path "${path}"`);
  checkAuthority(scheme, pseudo.get(":authority"), host);
}

function checkAuthority(
  scheme: "http" | "https",
  authority: string | undefined,
  host: string | undefined,
): void {
  const named = authority ?? host;
  if (named === undefined || named === "") throw malformed("no authority");
  if (named.includes("@")) throw malformed("user information in authority");
  if (authority === undefined || host === undefined) return;
  if (entity(scheme, authority) !== entity(scheme, host)) {
    throw malformed("host differs from authority");
  }
}

/** An authority without what does not tell it from another. */
function entity(scheme: "http" | "https", authority: string): string {
  const defaultPort = scheme === "http" ? /:80$/ : /:443$/;
  return authority.toLowerCase().replace(defaultPort, "");
}

/**
 * Checks a response's header fields.
 *
 * Content-length is a promise about DATA except where the response has no
 * content by definition or is a tunnel's.
 *
 * @param method The request's.
 * @throws {H2Error} PROTOCOL_ERROR of the stream.
 * @see RFC 9113, sections 8.1.1, 8.3.2 and 8.6
 */
export function readResponse(
  fields: HeaderList,
  method: string,
): ResponseFacts {
  const { pseudo, contentLength } = readFields(fields, RESPONSE);
  const status = pseudo.get(":status") ?? "";
  if (!/^[1-9][0-9]{2}$/.test(status)) throw malformed(`status "${status}"`);
  // Upgrades do not exist in HTTP/2.
  if (status === "101") throw malformed("status 101");
  const informational = status[0] === "1";
  const tunnel = method === "CONNECT" && status[0] === "2";
  if (informational || tunnel) {
    return { informational, contentLength: undefined, tunnel };
  }
  const empty = method === "HEAD" || status === "204" || status === "304";
  return { informational, contentLength: empty ? 0 : contentLength, tunnel };
}

/**
 * Checks trailer fields.
 *
 * @throws {H2Error} PROTOCOL_ERROR of the stream.
 * @see RFC 9113, section 8.1
 */
export function checkTrailers(fields: HeaderList): void {
  readFields(fields, TRAILERS);
}
