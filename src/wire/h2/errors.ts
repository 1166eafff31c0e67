import { HairpinError } from "../../base/errors.ts";

/** The error codes of RFC 9113, section 7. */
export const H2Code = {
  NO_ERROR: 0x0,
  PROTOCOL_ERROR: 0x1,
  INTERNAL_ERROR: 0x2,
  FLOW_CONTROL_ERROR: 0x3,
  SETTINGS_TIMEOUT: 0x4,
  STREAM_CLOSED: 0x5,
  FRAME_SIZE_ERROR: 0x6,
  REFUSED_STREAM: 0x7,
  CANCEL: 0x8,
  COMPRESSION_ERROR: 0x9,
  CONNECT_ERROR: 0xa,
  ENHANCE_YOUR_CALM: 0xb,
  INADEQUATE_SECURITY: 0xc,
  HTTP_1_1_REQUIRED: 0xd,
} as const;

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(H2Code).map(([name, code]) => [code, name]),
);

/** The registered name of an error code, else its number in hexadecimal. */
export function h2CodeName(code: number): string {
  return NAMES.get(code) ?? `0x${code.toString(16)}`;
}

/** What the peer did wrong, and whether it costs a stream or the connection. */
export class H2Error extends HairpinError {
  readonly code = "PROTOCOL";

  constructor(
    readonly level: "connection" | "stream",
    /** The code that goes into GOAWAY or RST_STREAM. */
    readonly h2Code: number,
    /** What was found, without the code. */
    readonly found: string,
  ) {
    super(`Cannot go on with HTTP/2 ${level}: ${h2CodeName(h2Code)}: ${found}`);
  }
}

/** An error after which the connection is closed (RFC 9113, section 5.4.1). */
export function connectionError(
  name: keyof typeof H2Code,
  found: string,
): H2Error {
  return new H2Error("connection", H2Code[name], found);
}

/** An error after which only the stream is gone (RFC 9113, section 5.4.2). */
export function streamError(
  name: keyof typeof H2Code,
  found: string,
): H2Error {
  return new H2Error("stream", H2Code[name], found);
}

/** Whether what was thrown costs only the stream it happened on. */
export function isStreamError(error: unknown): error is H2Error {
  return error instanceof H2Error && error.level === "stream";
}
