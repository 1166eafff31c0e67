/** What is answered in place of a backend, in Envoy's words and with its flags. */
import type { HeaderList, HttpRequest } from "../../model/http.ts";
import { isGrpc, type LocalReply, localReply } from "./local_reply.ts";

/** Why there is no response of a backend's. */
export type Failure =
  | "path-too-long"
  | "no-route"
  | "invalid-backend"
  | "no-healthy-endpoint"
  | "connect-failure"
  | "connection-termination"
  | "remote-reset"
  | "protocol-error"
  | "retries-exhausted"
  | "timeout";

/** A reply with what Envoy's access log says of it. */
export interface FlaggedReply extends LocalReply {
  /** `-` for none. */
  readonly flag: string;
  /** Response code details: who decided, and why. */
  readonly details?: string;
}

interface Row {
  readonly status: number;
  readonly flag: string;
  readonly details: string;
  readonly body: string;
}

const row = (
  status: number,
  flag: string,
  details: string,
  body = "",
): Row => ({ status, flag, details, body });

const RESET =
  "upstream connect error or disconnect/reset before headers. reset reason:";

const before = (reason: string): string =>
  `upstream_reset_before_response_started{${reason.replaceAll(" ", "_")}}`;

const reset = (flag: string, reason: string, status = 503): Row =>
  row(status, flag, before(reason), `${RESET} ${reason}`);

const ROWS: Readonly<Record<Failure, Row>> = {
  "path-too-long": row(414, "-", "path_too_long"),
  "no-route": row(404, "NR", "route_not_found"),
  "invalid-backend": row(500, "-", "direct_response"),
  "no-healthy-endpoint": row(
    503,
    "UH",
    "no_healthy_upstream",
    "no healthy upstream",
  ),
  "connect-failure": reset("UF", "connection failure"),
  "connection-termination": reset("UC", "connection termination"),
  "remote-reset": reset("UR", "remote reset"),
  "protocol-error": reset("UPE", "protocol error", 502),
  "retries-exhausted": reset("URX", "connection failure"),
  "timeout": row(504, "UT", "response_timeout", "upstream request timeout"),
};

/**
 * The reply to a request that failed here.
 *
 * @param route What decided about it. A GRPCRoute promises UNAVAILABLE for a
 * backend that is not valid, where Envoy's mapping of 500 gives UNKNOWN.
 */
export function failureReply(
  failure: Failure,
  request: Pick<HttpRequest, "headers">,
  route?: "HTTPRoute" | "GRPCRoute",
): FlaggedReply {
  const { flag, details, ...text } = ROWS[failure];
  const unavailable = failure === "invalid-backend" && route === "GRPCRoute" &&
    isGrpc(request.headers);
  const status = unavailable ? UNAVAILABLE_STATUS : text.status;
  return { ...localReply(request, { ...text, status }), flag, details };
}

/** The HTTP status that stands for gRPC's UNAVAILABLE. */
const UNAVAILABLE_STATUS = 503;

/** An answer without text that is no failure. */
export const emptyReply = (
  status: number,
  headers: HeaderList,
): FlaggedReply => ({
  status,
  headers: [["content-length", "0"], ...headers],
  body: "",
  flag: "-",
});
