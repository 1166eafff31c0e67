import { messageOf } from "../../base/errors.ts";
import {
  CNI_CODES,
  CniError,
  NODE_MESSAGE_BYTES_MAX,
} from "../../wire/cni/mod.ts";
import { readBounded } from "./read_bounded.ts";

export interface SocketQuestion {
  /** Path of the unix socket. */
  readonly socket: string;
  /** Path of the request. */
  readonly path: string;
  /** Sent by POST as JSON; default: GET. */
  readonly body?: string;
  readonly timeoutMs: number;
}

export interface SocketAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * Asks an HTTP server on a unix socket.
 *
 * @throws {CniError} "try again later" when nobody answers in time.
 */
export async function askSocket(
  { socket, path, body, timeoutMs }: SocketQuestion,
): Promise<SocketAnswer> {
  const client = Deno.createHttpClient({
    proxy: { transport: "unix", path: socket },
  });
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(`http://unix${path}`, {
      client,
      signal,
      redirect: "manual",
      ...body !== undefined && {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      },
    });
    const text = await readBounded(
      response.body,
      NODE_MESSAGE_BYTES_MAX,
      signal,
    );
    return { status: response.status, text };
  } catch (reason) {
    throw new CniError(
      CNI_CODES.tryAgainLater,
      `Cannot ask "${socket}": ${whyOf(reason, signal)}`,
    );
  } finally {
    client.close();
  }
}

function whyOf(reason: unknown, signal: AbortSignal): string {
  if (signal.aborted) return "no answer in time";
  const inner = reason instanceof Error && reason.cause !== undefined
    ? reason.cause
    : reason;
  return messageOf(inner).replace(/^.*?for url \([^)]*\): /, "");
}
