/** What a connection speaks, by its first octets. */

export type Sniffed = "http1" | "http2" | "tls" | "other";

const PREFACE = "PRI * HTTP/2.0\r\n";
const TLS_HANDSHAKE = 0x16;
const REQUEST_LINE =
  /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32} \S+ HTTP\/1\.[01]\r?\n/;
/** What could still become one. */
const REQUEST_LINE_BEGUN =
  /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}( [^\s]*( H?T?T?P?\/?1?\.?[01]?\r?)?)?$/;

/** @returns undefined as long as more octets could tell. */
export function sniff(octets: Uint8Array): Sniffed | undefined {
  if (octets[0] === TLS_HANDSHAKE) return "tls";
  const text = String.fromCharCode(...octets);
  if (text.startsWith(PREFACE)) return "http2";
  if (PREFACE.startsWith(text)) return undefined;
  if (REQUEST_LINE.test(text)) return "http1";
  return REQUEST_LINE_BEGUN.test(text) ? undefined : "other";
}
