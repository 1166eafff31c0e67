import { HairpinError } from "../../base/errors.ts";
import { MESSAGE_EXCERPT_MAX } from "./limits.ts";

/** The Kubernetes API cannot be asked, or what it answers cannot be used. */
export class KubeApiError extends HairpinError {
  readonly code = "API";
  /** HTTP status, or the code of an ERROR event; undefined when there is none. */
  readonly status: number | undefined;
  /** How long the server wants to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    options: {
      readonly status?: number | undefined;
      readonly retryAfterMs?: number | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** One line of no more than the limit, whatever the server wrote. */
export function excerpt(text: string): string {
  const line = text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim();
  return line.length <= MESSAGE_EXCERPT_MAX
    ? line
    : `${line.slice(0, MESSAGE_EXCERPT_MAX)}...`;
}
