/** The trace that a tunnel's CONNECT belongs to. @see W3C Trace Context, section 3.2 */

export interface TraceContext {
  /** 32 hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** 16 hexadecimal digits, not all zero. */
  readonly parentId: string;
}

/**
 * A new trace.
 *
 * @param random Gives so many random octets.
 */
export function newTrace(random: (octets: number) => Uint8Array): TraceContext {
  return { traceId: hexOf(random(16)), parentId: hexOf(random(8)) };
}

/** As ztunnel writes it: version 00, not sampled. */
export const encodeTraceparent = (trace: TraceContext): string =>
  `00-${trace.traceId}-${trace.parentId}-00`;

/** Reads exactly the 55 characters of version 00; undefined for anything else. */
export function decodeTraceparent(header: string): TraceContext | undefined {
  const match = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(header);
  if (match === null) return undefined;
  const [, traceId = "", parentId = ""] = match;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined;
  return { traceId, parentId };
}

const HEX: readonly string[] = Array.from(
  { length: 256 },
  (_, octet) => octet.toString(16).padStart(2, "0"),
);

function hexOf(octets: Uint8Array): string {
  let text = "";
  for (let i = 0; i < octets.length; i++) text += HEX[octets[i]!];
  return text;
}
