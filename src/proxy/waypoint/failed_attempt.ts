/** What an attempt that failed means: for trying again, and for the client. */
import { messageOf } from "../../base/errors.ts";
import type { Failure } from "../../decide/http/failure_reply.ts";
import { headerValue } from "../../decide/http/header_list.ts";
import type { FailedAttempt } from "../../decide/http/retry.ts";
import type { HeaderList } from "../../model/http.ts";
import { StreamResetError } from "../../net/h2_stream.ts";
import { ExchangeError } from "../../net/http1_session.ts";
import { H2Code } from "../../wire/h2/mod.ts";

/** What one attempt came to. */
export interface Tried {
  /** undefined when no other attempt would do better. */
  readonly failed: FailedAttempt | undefined;
  readonly failure: Failure;
  readonly because: string;
}

export const TIMED_OUT: Tried = {
  failed: { kind: "timeout" },
  failure: "timeout",
  because: "timeout",
};

export const noEndpoint = (because: string): Tried => ({
  failed: undefined,
  failure: "no-healthy-endpoint",
  because,
});

export const notConnected = (reason: unknown): Tried => ({
  failed: { kind: "connect-failure" },
  failure: "connect-failure",
  because: messageOf(reason),
});

/** A response that is a reason to try again. */
export const declined = (headers: HeaderList): Tried => ({
  failed: responseOf(headers),
  failure: "retries-exhausted",
  because: "an unwanted response",
});

/** gRPC says in headers how a call failed that has no message. */
export function responseOf(headers: HeaderList): FailedAttempt {
  const grpcStatus = headerValue(headers, "grpc-status");
  return {
    kind: "response",
    status: Number(headerValue(headers, ":status")),
    ...grpcStatus !== undefined && { grpcStatus: Number(grpcStatus) },
  };
}

/** A connection on which the request was sent ended without a response. */
export function broken(error: Error | undefined, method: string): Tried {
  const because = error?.message ?? "closed without a response";
  const tried = (failed: FailedAttempt, failure: Failure) => ({
    failed,
    failure,
    because,
  });
  if (error instanceof StreamResetError) {
    return error.errorCode === H2Code.REFUSED_STREAM
      ? tried({ kind: "refused-stream" }, "remote-reset")
      : tried({ kind: "reset" }, "remote-reset");
  }
  const lost = error instanceof ExchangeError ? error : undefined;
  if (lost?.reason === "refused") {
    return tried({ kind: "reset" }, "protocol-error");
  }
  const stale = lost?.reason === "unanswered" && lost.reused;
  return tried(
    stale ? { kind: "stale-connection", method } : { kind: "reset" },
    "connection-termination",
  );
}
