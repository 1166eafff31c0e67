import type { HeaderList } from "../hpack/mod.ts";
import { opensTunnel } from "./decode.ts";
import type { ErrorStatus } from "./errors.ts";
import { CHUNKS, hasNoContent, NO_BODY, UNTIL_CLOSE } from "./framing.ts";
import { itemsOf, upgradeProtocols } from "./lists.ts";
import { METHOD_OCTETS_MAX } from "./limits.ts";
import { allIn, TARGET, TOKEN } from "./octets.ts";
import type { OutgoingFraming } from "./outgoing_body.ts";
import {
  type Cursor,
  inspectFields,
  type OutgoingFields,
  writeFields,
  writeLine,
  writeText,
} from "./outgoing_fields.ts";
import type { Output } from "./output.ts";
import { reasonOf } from "./status.ts";
import { isAuthority } from "./target.ts";

/** A request that was written. */
export interface SentRequest {
  readonly method: string;
  readonly framing: OutgoingFraming;
  /** Protocols that a 101 may switch to, in lower case. */
  readonly upgrade: readonly string[];
}

/** What a response depends on besides its fields. */
export interface ResponsePlan {
  /** The request's. */
  readonly method: string;
  /** The client speaks HTTP/1.0. */
  readonly http10: boolean;
  /** No body follows. */
  readonly end: boolean;
  /** The connection closes behind it, whatever its framing. */
  readonly close: boolean;
  /** Protocols that the request offered. */
  readonly upgrade: readonly string[];
}

/** A response that was written. */
export interface SentResponse {
  readonly status: number;
  readonly framing: OutgoingFraming;
  readonly tunnel: boolean;
}

/** Octets for the lines that are not in the list and for fixed text. */
const OWN_LINES_OCTETS = 256;

/** Methods whose requests announce even that they have no body. */
const WITH_BODY: ReadonlySet<string> = new Set(["PATCH", "POST", "PUT"]);

/**
 * Writes the head of a request.
 *
 * @param end True when no body follows.
 * @returns what cannot be sent, as text; nothing was written then.
 */
export function writeRequest(
  output: Output,
  list: HeaderList,
  end: boolean,
): SentRequest | string {
  const fields = inspectFields(list);
  if (typeof fields === "string") return fields;
  const line = requestLine(fields);
  if (!line.valid) return line.fault;
  const { method, target } = line;
  const framing = requestFraming(method, fields.contentLength, end);
  if (framing === undefined) return "content-length without a body";
  const upgrade = end && method !== "CONNECT"
    ? upgradeProtocols(itemsOf(fields.upgrade ?? ""))
    : [];
  const to = cursor(output, fields);
  writeText(to, `${method} ${target} HTTP/1.1\r\nhost: ${fields.authority}`);
  writeText(to, "\r\n");
  const announced = fields.contentLength ??
    (end && WITH_BODY.has(method) ? 0 : undefined);
  const fault = writeFields(fields, to) ??
    writeFraming(to, framing, method === "CONNECT" ? undefined : announced);
  if (fault !== undefined) return fault;
  writeRequestOptions(to, fields.trailers === true, upgrade);
  output.commit(to.at);
  return { method, framing, upgrade };
}

function cursor(output: Output, fields: OutgoingFields): Cursor {
  return output.reserve(fields.size + OWN_LINES_OCTETS);
}

type RequestLine =
  | { readonly valid: true; readonly method: string; readonly target: string }
  | { readonly valid: false; readonly fault: string };

function requestLine(fields: OutgoingFields): RequestLine {
  const { method = "", authority = "", path = "" } = fields;
  const invalid = (fault: string) => ({ valid: false, fault }) as const;
  if (method === "" || !allIn(TOKEN, method)) return invalid("method");
  if (method.length > METHOD_OCTETS_MAX) return invalid("long method");
  if (!isAuthority(authority)) {
    return invalid(`authority ${JSON.stringify(authority)}`);
  }
  if (method === "CONNECT") return { valid: true, method, target: authority };
  const known = path.charCodeAt(0) === 0x2f ||
    (path === "*" && method === "OPTIONS");
  if (known && allIn(TARGET, path)) {
    return { valid: true, method, target: path };
  }
  return invalid(`path ${JSON.stringify(path)}`);
}

/** @returns undefined when the length contradicts the end. */
function requestFraming(
  method: string,
  contentLength: number | undefined,
  end: boolean,
): OutgoingFraming | undefined {
  if (method === "CONNECT") return NO_BODY;
  if (contentLength === undefined) return end ? NO_BODY : CHUNKS;
  if (end && contentLength > 0) return undefined;
  return { by: "length", octets: contentLength };
}

/** Writes the field that delimits the body, where there is one. */
function writeFraming(
  to: Cursor,
  framing: OutgoingFraming,
  contentLength: number | undefined,
): undefined {
  if (framing.by === "chunks") writeText(to, "transfer-encoding: chunked\r\n");
  else if (contentLength !== undefined) {
    writeText(to, `content-length: ${contentLength}\r\n`);
  }
}

/** Writes what is said to the next hop only, and the end of the head. */
function writeRequestOptions(
  to: Cursor,
  trailers: boolean,
  upgrade: readonly string[],
): void {
  const options: string[] = [];
  if (trailers) {
    options.push("te");
    writeText(to, "te: trailers\r\n");
  }
  if (upgrade.length > 0) {
    options.push("upgrade");
    writeText(to, `upgrade: ${upgrade.join(", ")}\r\n`);
  }
  if (options.length > 0) {
    writeText(to, `connection: ${options.join(", ")}\r\n`);
  }
  writeText(to, "\r\n");
}

/**
 * Writes the head of a response, informational or final.
 *
 * @returns what cannot be sent, as text; nothing was written then.
 */
export function writeResponse(
  output: Output,
  list: HeaderList,
  plan: ResponsePlan,
): SentResponse | string {
  const fields = inspectFields(list);
  if (typeof fields === "string") return fields;
  const { status = "" } = fields;
  if (!/^[1-9][0-9]{2}$/.test(status)) {
    return `status ${JSON.stringify(status)}`;
  }
  const code = Number(status);
  const protocol = code === 101 ? switchedTo(fields, plan) : "";
  if (protocol === undefined) return "upgrade that was not offered";
  const tunnel = opensTunnel(plan.method, code);
  const framing = responseFraming(code, tunnel, fields.contentLength, plan);
  if (framing === undefined) return "content-length without a body";
  const to = cursor(output, fields);
  writeText(to, `HTTP/1.1 ${status} ${reasonOf(status)}\r\n`);
  const fault = writeFields(fields, to);
  if (fault !== undefined) return fault;
  if (!tunnel && code >= 200 && code !== 204) {
    writeFraming(to, framing, announcedLength(code, fields, plan));
  }
  writeConnection(to, code, { protocol, framing, tunnel, plan });
  output.commit(to.at);
  return { status: code, framing, tunnel };
}

/** The protocol of a 101, undefined when the client did not offer it. */
function switchedTo(
  fields: OutgoingFields,
  plan: ResponsePlan,
): string | undefined {
  const protocol = fields.upgrade?.toLowerCase();
  return plan.upgrade.find((offered) => offered === protocol);
}

/** @returns undefined when the length contradicts the end. */
function responseFraming(
  status: number,
  tunnel: boolean,
  contentLength: number | undefined,
  { method, http10, end }: ResponsePlan,
): OutgoingFraming | undefined {
  if (tunnel) return UNTIL_CLOSE;
  if (hasNoContent(method, status)) return { by: "drop" };
  if (contentLength === undefined) {
    if (end) return NO_BODY;
    return http10 ? UNTIL_CLOSE : CHUNKS;
  }
  if (end && contentLength > 0) return undefined;
  return { by: "length", octets: contentLength };
}

/** What Content-Length says; HEAD and 304 only pass on what they were given. */
function announcedLength(
  status: number,
  { contentLength }: OutgoingFields,
  { method, end }: ResponsePlan,
): number | undefined {
  if (contentLength !== undefined) return contentLength;
  return end && !hasNoContent(method, status) ? 0 : undefined;
}

/** Writes what is said to the next hop only, and the end of the head. */
function writeConnection(
  to: Cursor,
  status: number,
  { protocol, framing, tunnel, plan }: {
    protocol: string;
    framing: OutgoingFraming;
    tunnel: boolean;
    plan: ResponsePlan;
  },
): void {
  if (status === 101) {
    writeText(to, `upgrade: ${protocol}\r\nconnection: upgrade\r\n`);
  } else if (status >= 200 && !tunnel) {
    const close = plan.close || framing.by === "close";
    if (close) writeText(to, "connection: close\r\n");
    else if (plan.http10) writeText(to, "connection: keep-alive\r\n");
  }
  writeText(to, "\r\n");
}

/**
 * Writes the end of a chunked body, with trailers. Those that would delimit or
 * route a message are left out.
 *
 * @returns what cannot be sent, as text; nothing was written then.
 */
export function writeTrailers(
  output: Output,
  list: HeaderList,
): string | undefined {
  const fields = inspectFields(list);
  if (typeof fields === "string") return fields;
  const to = cursor(output, fields);
  writeText(to, "0\r\n");
  const fault = writeFields(fields, to);
  if (fault !== undefined) return fault;
  writeText(to, "\r\n");
  output.commit(to.at);
}

/** Writes the answer to a request that is refused; the connection closes. */
export function writeRefusal(output: Output, status: ErrorStatus): void {
  const code = String(status);
  const to = output.reserve(OWN_LINES_OCTETS);
  writeText(to, `HTTP/1.1 ${code} ${reasonOf(code)}\r\ncontent-length: 0\r\n`);
  // RFC 9110, section 15.5.22: a 426 has to name what would do.
  const upgrade = status === 426;
  if (upgrade) writeLine(to, "upgrade", "HTTP/1.1");
  writeText(to, `connection: close${upgrade ? ", upgrade" : ""}\r\n\r\n`);
  output.commit(to.at);
}
