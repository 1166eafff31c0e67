/**
 * How a field is represented: put into the table, left out of it, or left out
 * here and at every later hop (RFC 7541, section 6.2).
 */
export type Indexing = "incremental" | "without" | "never";

/**
 * Secrets. A proxy sends several clients' requests over one connection, so a
 * table shared between them would let one probe for another's (RFC 7541,
 * section 7.1).
 */
const SECRETS: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "proxy-authorization",
  "set-cookie",
]);

/** Fields whose values seldom come twice: they would only push others out. */
const SELDOM_REPEATED: ReadonlySet<string> = new Set([
  ":path",
  "age",
  "content-length",
  "content-range",
  "date",
  "etag",
  "forwarded",
  "if-modified-since",
  "if-none-match",
  "last-modified",
  "location",
  "range",
  "traceparent",
  "tracestate",
  "x-b3-spanid",
  "x-b3-traceid",
  "x-request-id",
]);

/** The representation that suits a field of a proxied message. */
export function usualIndexing(name: string): Indexing {
  if (SECRETS.has(name)) return "never";
  return SELDOM_REPEATED.has(name) ? "without" : "incremental";
}
