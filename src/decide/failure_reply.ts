/** What is answered in place of a backend, in Envoy's words and with its flags. */
import type { HeaderList, HttpRequest } from "../model/http.ts";
import { isGrpc, type LocalReply, localReply } from "./local_reply.ts";

/** Why there is no response of a backend's. */
export type Failure =
  | "path-too-long"
  | "no-route"
  | "invalid-backend"
  | "no-healthy-endpoint"
  | "connect-failure"
  | "retries-exhausted"
  | "overflow"
  | "timeout";

/** A reply with Envoy's response flag for the access log; `-` for none. */
export interface FlaggedReply extends LocalReply {
  readonly flag: string;
}

interface Row {
  readonly status: number;
  readonly flag: string;
  readonly body: string;
  readonly headers: HeaderList;
}

const row = (
  status: number,
  flag: string,
  body = "",
  headers: HeaderList = [],
): Row => ({ status, flag, body, headers });

const RESET =
  "upstream connect error or disconnect/reset before headers. reset reason:";

const ROWS: Readonly<Record<Failure, Row>> = {
  "path-too-long": row(414, "-"),
  "no-route": row(404, "NR"),
  "invalid-backend": row(500, "-"),
  "no-healthy-endpoint": row(503, "UH", "no healthy upstream"),
  "connect-failure": row(503, "UF", `${RESET} connection failure`),
  "retries-exhausted": row(503, "URX", `${RESET} connection failure`),
  "overflow": row(503, "UO", `${RESET} overflow`, [
    ["x-envoy-overloaded", "true"],
  ]),
  "timeout": row(504, "UT", "upstream request timeout"),
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
  const { flag, ...text } = ROWS[failure];
  const unavailable = failure === "invalid-backend" && route === "GRPCRoute" &&
    isGrpc(request.headers);
  const status = unavailable ? UNAVAILABLE_STATUS : text.status;
  return { ...localReply(request, { ...text, status }), flag };
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
