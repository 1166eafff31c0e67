/** What an external authorizer over gRPC is asked, and what its verdict means. */
import type { SocketAddress } from "../../model/address.ts";
import type {
  CheckedBody,
  GrpcAuthorizer,
} from "../../model/external_authorizer.ts";
import type { HttpPeer, HttpRequest } from "../../model/http.ts";
import { formatIdentity, type Identity } from "../../model/identity.ts";
import type {
  CheckedPeer,
  CheckedRequest,
  CheckQuestion,
  CheckVerdict,
  HeaderMutation,
} from "../../model/external_check.ts";
import {
  type CheckBody,
  type CheckOutcome,
  deniedReply,
  failedCheck,
  PARTIAL_BODY,
} from "./ext_authz.ts";
import {
  headerValue,
  isCopyable,
  withoutHeaders,
} from "../http/header_list.ts";
import { mutateHeaders } from "../http/header_mutations.ts";
import { withoutParameter, withParameter } from "../http/query_parameters.ts";

/** A connection that is asked about. */
export interface CheckedConnection {
  readonly peer: HttpPeer;
  /** Who was called: the proxy that answers for the service. */
  readonly callee: Identity;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
}

/** A request that is asked about, on its connection. */
export interface CheckedMessage {
  readonly request: HttpRequest;
  /** `HTTP/1.1` or `HTTP/2`. */
  readonly protocol: string;
  readonly hasBody: boolean;
  /** undefined when the provider does not take bodies, or this one cannot be read ahead. */
  readonly body: CheckBody | undefined;
}

/** @param message undefined for a connection that is not HTTP. */
export const checkQuestion = (
  { body: wanted }: Pick<GrpcAuthorizer, "body">,
  { peer, callee, timeMs }: CheckedConnection,
  message: CheckedMessage | undefined,
): CheckQuestion => ({
  source: checkedPeer(peer.src, peer.identity),
  destination: checkedPeer(peer.dst, callee),
  timeMs,
  http: message && checkedRequest(message, wanted),
});

const checkedPeer = (
  address: SocketAddress,
  identity: Identity | undefined,
): CheckedPeer => ({
  address,
  principal: identity && formatIdentity(identity),
});

/** All of the head goes, as Envoy sends it: pseudo header fields among the others. */
function checkedRequest(
  { request, protocol, hasBody, body }: CheckedMessage,
  wanted: CheckedBody | undefined,
): CheckedRequest {
  const { method, scheme, authority, path } = request;
  const headers = withoutHeaders(request.headers, new Set([PARTIAL_BODY]));
  return {
    method,
    path,
    host: authority,
    scheme,
    protocol,
    headers: [
      [":method", method],
      [":scheme", scheme],
      [":authority", authority],
      [":path", path],
      ...headers,
      ...body === undefined
        ? []
        : [[PARTIAL_BODY, `${body.isPartial}`] as const],
    ],
    size: sizeOf(request, hasBody, body),
    body: body && (wanted?.asOctets ? body.octets : textOf(body.octets)),
  };
}

const textOf = (octets: Uint8Array): string =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(octets);

function sizeOf(
  request: HttpRequest,
  hasBody: boolean,
  body: CheckBody | undefined,
): number | undefined {
  if (!hasBody) return 0;
  if (body !== undefined && !body.isPartial) return body.octets.length;
  const announced = headerValue(request.headers, "content-length");
  return announced === undefined ? undefined : Number(announced);
}

/**
 * What a verdict about a request means. One that cannot be carried out counts
 * as no answer, and does not fail open.
 */
export function readVerdict(
  authorizer: GrpcAuthorizer,
  request: HttpRequest,
  verdict: CheckVerdict,
): CheckOutcome {
  if (verdict.kind === "denied") {
    const { status = DENIED_STATUS } = verdict;
    return status < 200 || status > 599
      ? unusable(authorizer, request)
      : denied(request, { ...verdict, status });
  }
  if (verdict.headers.some(({ name }) => isOfRequestLine(name))) {
    return unusable(authorizer, request);
  }
  return {
    kind: "allow",
    request: changed(request, verdict),
    responseHeaders: verdict.responseHeaders,
    clearRouteCache: authorizer.clearRouteCache,
    isFailOpen: false,
  };
}

/** Status of a denial that names none. */
const DENIED_STATUS = 403;

const unusable = (
  authorizer: GrpcAuthorizer,
  request: HttpRequest,
): CheckOutcome => failedCheck({ ...authorizer, failOpen: false }, request);

const isOfRequestLine = (name: string): boolean =>
  name.startsWith(":") || name === "host";

/** Sets, then removes, as Envoy does. */
function changed(
  request: HttpRequest,
  verdict: Extract<CheckVerdict, { kind: "ok" }>,
): HttpRequest {
  const { headers, headersToRemove } = verdict;
  const removed = new Set(headersToRemove.filter(isCopyable));
  const { parametersToSet, parametersToRemove } = verdict;
  const set = parametersToSet.reduce(withParameter, request.path);
  return {
    ...request,
    path: parametersToRemove.reduce(withoutParameter, set),
    headers: withoutHeaders(mutateHeaders(request.headers, headers), removed),
  };
}

interface Denial {
  readonly status: number;
  readonly headers: readonly HeaderMutation[];
  readonly body: string;
}

function denied(
  request: HttpRequest,
  { status, headers, body }: Denial,
): CheckOutcome {
  const octets = new TextEncoder().encode(body);
  const type = octets.length === 0
    ? []
    : [["content-type", "text/plain"] as const];
  const fields = mutateHeaders(type, headers);
  return {
    kind: "deny",
    reply: deniedReply(request, status, fields, octets),
    details: "ext_authz_denied",
  };
}
