import { messageOf } from "../base/errors.ts";
import {
  DialError,
  IdentityError,
  RevokedError,
  TunnelError,
} from "../net/errors.ts";
import { StreamResetError } from "../net/h2_stream.ts";
import type { RelayEnd } from "../net/relay.ts";
import type { ResponseFlag } from "../telemetry/traffic.ts";
import { H2Code } from "../wire/h2/mod.ts";
import type { CancelReason } from "./cancellation.ts";
import type { ServedPod } from "./context.ts";

/** How a connection went wrong: the metrics' flag and ztunnel's words. */
export interface Failure {
  readonly flag: ResponseFlag;
  readonly error: string;
}

/** What a failed way to the next hop means. */
export function outboundFailure(reason: unknown): Failure {
  if (reason instanceof DialError) {
    return { flag: "CONNECT", error: ioError(reason) };
  }
  if (reason instanceof RevokedError) return revokedFailure(reason);
  if (reason instanceof IdentityError) {
    const flag = reason.whose === "own" ? "IDENTITY_ERROR" : "CONNECT";
    return { flag, error: reason.message };
  }
  if (reason instanceof TunnelError && reason.stage === "http2") {
    return { flag: "H2_HANDSHAKE_FAILURE", error: reason.message };
  }
  if (reason instanceof StreamResetError) {
    return {
      flag: "H2_HANDSHAKE_FAILURE",
      error: `h2 failed: ${reason.message}`,
    };
  }
  return { flag: "CONNECT", error: messageOf(reason) };
}

/** The same for a tunnel, whose port a NetworkPolicy may be blocking. */
export function tunnelFailure(reason: unknown): Failure {
  if (reason instanceof DialError && reason.why === "timeout") {
    return {
      flag: "NETWORK_POLICY",
      error: "connection timed out, maybe a NetworkPolicy is blocking HBONE " +
        `port 15008: ${reason.detail}`,
    };
  }
  return outboundFailure(reason);
}

/** The application behind us did not take the connection. */
export const upstreamFailure = (reason: unknown): Failure => ({
  flag: "CONNECT",
  error: `connection failed: ${
    reason instanceof DialError ? reason.detail : messageOf(reason)
  }`,
});

export const policyFailure = (because: string): Failure => ({
  flag: "DENY",
  error: `connection closed due to policy rejection: ${because}`,
});

/** What we ended ourselves. */
export function cancelFailure(reason: CancelReason | undefined): Failure {
  return reason === "policy"
    ? { flag: "DENY", error: "connection closed due to policy change" }
    : { flag: "-", error: "connection closed due to connection drain" };
}

const revokedFailure = ({ message }: RevokedError): Failure => ({
  flag: "CERT_REVOKED",
  error: message,
});

const ioError = (reason: DialError): string => `io error: ${reason.detail}`;

/** Ends that applications bring about every day, and that say nothing is wrong. */
const EVERYDAY_CODES: ReadonlySet<unknown> = new Set([
  "ECONNRESET",
  "EPIPE",
  "ENOTCONN",
  "ECONNABORTED",
]);

/**
 * undefined when the relay ended as relays do, an application's reset included:
 * a tunnel's end tells of that by CONNECT_ERROR, and by CANCEL that it broke
 * the connection off itself.
 */
export function relayFailure(end: RelayEnd): Failure | undefined {
  if (end.how !== "reset" || end.error === undefined) return undefined;
  const { error } = end;
  if (error instanceof RevokedError) return revokedFailure(error);
  if (error instanceof StreamResetError) {
    return streamFailure(error, end.by);
  }
  if (EVERYDAY_CODES.has((error as { code?: unknown }).code)) return undefined;
  return { flag: "CONNECT", error: `receive: ${messageOf(error)}` };
}

function streamFailure(
  { errorCode, message }: StreamResetError,
  by: "a" | "b" | undefined,
): Failure | undefined {
  switch (errorCode) {
    case H2Code.NO_ERROR:
    case H2Code.CONNECT_ERROR:
      return undefined;
    case H2Code.CANCEL:
    case H2Code.STREAM_CLOSED:
      return brokenOff(by === "a" ? "receive" : "send", message);
    default:
      return { flag: "CONNECT", error: `h2 failed: ${message}` };
  }
}

/** ztunnel's words, which say neither who it was nor how. */
const brokenOff = (side: "receive" | "send", how: string): Failure => ({
  flag: "CONNECT",
  error: `while closing connection: ${side}: io error: broken pipe (${how})`,
});

/** What a source's side has to report of a call that its destination's cut. */
export const cutAtDestination = (): Failure =>
  brokenOff("send", "stream reset by peer: CANCEL");

/** ztunnel's words for a pod that the mesh has no record of. */
export function workloadUnknown({ info }: Pick<ServedPod, "info">): string {
  const { name, namespace, serviceAccount } = info;
  return "failed to fetch information about local workload: " +
    `${serviceAccount}.${namespace} (${name})`;
}
