/** What an external authorizer over HTTP is sent, and what its answer means. */
import type { HttpAuthorizer } from "../../model/external_authorizer.ts";
import type { HeaderList, HttpRequest } from "../../model/http.ts";
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
  requestField,
  withHeaders,
  withoutHeaders,
} from "../http/header_list.ts";
import { stringTest } from "../http/policy_match.ts";

/** A whole request to the authorizer. */
export interface CheckRequest {
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
}

/** A whole answer of the authorizer. */
export interface CheckAnswer {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
}

/**
 * The request that asks about another: its method, its host, its path behind
 * the prefix, its credentials and the headers that the provider names.
 *
 * @param body Only where the provider takes bodies.
 */
export function checkRequest(
  authorizer: HttpAuthorizer,
  request: HttpRequest,
  body?: CheckBody,
): CheckRequest {
  const isWanted = stringTest([
    { kind: "exact", value: "authorization" },
    ...authorizer.requestHeaders,
  ]);
  const copied = request.headers.filter(([name]) =>
    isCopyable(name) && isWanted(name)
  );
  const octets = body?.octets ?? new Uint8Array();
  const own: HeaderList = [
    ["content-length", `${octets.length}`],
    ...body === undefined ? [] : [[PARTIAL_BODY, `${body.isPartial}`] as const],
  ];
  const additional = authorizer.additionalHeaders
    .filter(([name]) => isCopyable(name))
    .map(([name, value]) => [name, filledIn(value, request)] as const);
  return {
    method: request.method,
    authority: request.authority,
    path: authorizer.pathPrefix + request.path,
    headers: withHeaders(withHeaders(copied, additional), own),
    body: octets,
  };
}

/** Envoy's `%REQ(name?other)%`, the one substitution that guides for Istio use here. */
const filledIn = (value: string, request: HttpRequest): string =>
  value.replaceAll(
    /%REQ\(([^()?%]+)(?:\?([^()?%]+))?\)%/g,
    (_, name: string, other: string | undefined) =>
      requestField(request, name.toLowerCase()) ??
        requestField(request, other?.toLowerCase() ?? "") ?? "-",
  );

/**
 * What an answer means: 200 allows; no answer, or a 5xx, is a failure of the
 * authorizer; anything else denies.
 *
 * @param answer undefined when there was none in time.
 */
export function readAnswer(
  authorizer: HttpAuthorizer,
  request: HttpRequest,
  answer: CheckAnswer | undefined,
): CheckOutcome {
  if (answer === undefined || !isDecision(answer.status)) {
    return failedCheck(authorizer, request);
  }
  return answer.status === 200
    ? allowed(authorizer, request, answer)
    : denied(authorizer, request, answer);
}

const isDecision = (status: number): boolean => status >= 200 && status < 500;

/** The answer's header that names headers to take away. */
const TO_REMOVE = "x-envoy-auth-headers-to-remove";

function allowed(
  authorizer: HttpAuthorizer,
  request: HttpRequest,
  answer: CheckAnswer,
): CheckOutcome {
  const removed = (headerValue(answer.headers, TO_REMOVE) ?? "").split(",")
    .map((name) => name.trim().toLowerCase()).filter(isCopyable);
  const isSet = stringTest(authorizer.upstreamOnAllow);
  const set = chosen(
    answer.headers,
    (name) => name !== TO_REMOVE && isSet(name),
  );
  return {
    kind: "allow",
    request: {
      ...request,
      headers: withHeaders(
        withoutHeaders(request.headers, new Set(removed)),
        set,
      ),
    },
    responseHeaders: chosen(
      answer.headers,
      stringTest(authorizer.downstreamOnAllow),
    ).map(([name, value]) => ({ name, value, action: "append-or-add" })),
    clearRouteCache: authorizer.clearRouteCache,
    isFailOpen: false,
  };
}

const chosen = (
  headers: HeaderList,
  isWanted: (name: string) => boolean,
): HeaderList => headers.filter(([name]) => isCopyable(name) && isWanted(name));

/** Headers of a refusal that the client always gets, whatever the provider lists. */
const ALWAYS_DOWNSTREAM = ["location", "www-authenticate"] as const;

function denied(
  { downstreamOnDeny }: HttpAuthorizer,
  request: HttpRequest,
  { status, headers, body }: CheckAnswer,
): CheckOutcome {
  const isListed = stringTest([
    ...ALWAYS_DOWNSTREAM.map((value) => ({ kind: "exact" as const, value })),
    ...downstreamOnDeny,
  ]);
  const passed = chosen(
    headers,
    downstreamOnDeny.length === 0 ? () => true : isListed,
  );
  return {
    kind: "deny",
    reply: deniedReply(request, status, passed, body),
    details: "ext_authz_denied",
  };
}
