/** What becomes of a request that an external authorizer is asked about. */
import type {
  CheckedBody,
  ExternalAuthorizer,
} from "../../model/external_authorizer.ts";
import type { HeaderList, HttpRequest } from "../../model/http.ts";
import type { HeaderMutation } from "../../model/external_check.ts";
import { withoutHeaders } from "../http/header_list.ts";
import { isGrpc, type LocalReply, localReply } from "../http/local_reply.ts";

/** The part of a body that a check carries. */
export interface CheckBody {
  readonly octets: Uint8Array;
  /** Whether there is more of it. */
  readonly isPartial: boolean;
}

/** A refusal as it goes to the client. */
export interface CheckReply extends Omit<LocalReply, "body"> {
  readonly body: Uint8Array;
}

export type CheckOutcome =
  | {
    readonly kind: "allow";
    /** As it goes on, with what the answer sets and takes away. */
    readonly request: HttpRequest;
    /** Changes of the response to the client. */
    readonly responseHeaders: readonly HeaderMutation[];
    /** Whether its route has to be chosen again. */
    readonly clearRouteCache: boolean;
    /** Whether it passes only because no answer could be had. */
    readonly isFailOpen: boolean;
  }
  | {
    readonly kind: "deny";
    readonly reply: CheckReply;
    /** Response code details of the access log; the response flag is UAEX. */
    readonly details:
      | "ext_authz_denied"
      | "ext_authz_error"
      | typeof BODY_REFUSALS[BodyFault]["details"];
  };

/**
 * Takes what a check may carry of a body.
 *
 * @param read What was read of it: at least one octet more than the limit, or all.
 * @param isWhole Whether that is all.
 * @returns undefined when the request has to be refused with 413.
 */
export function bodyToCheck(
  limit: CheckedBody,
  read: Uint8Array,
  isWhole: boolean,
): CheckBody | undefined {
  const isPartial = !isWhole || read.length > limit.sizeMax;
  if (isPartial && !limit.allowPartial) return undefined;
  return { octets: read.subarray(0, limit.sizeMax), isPartial };
}

/** Why the body of a request cannot be checked. */
export type BodyFault = "oversized" | "late";

const BODY_REFUSALS = {
  oversized: {
    status: 413,
    body: "Payload Too Large",
    details: "request_payload_too_large",
  },
  late: {
    status: 408,
    body: "Request Timeout",
    details: "request_overall_timeout",
  },
} as const;

/** The refusal of a request whose body is larger than a check may be, or does not come. */
export function refusedBody(
  request: HttpRequest,
  fault: BodyFault,
): Extract<CheckOutcome, { kind: "deny" }> {
  const { details, ...text } = BODY_REFUSALS[fault];
  const { body, ...reply } = localReply(request, text);
  return {
    kind: "deny",
    reply: { ...reply, body: new TextEncoder().encode(body) },
    details,
  };
}

/** What becomes of a request when its authorizer gives no answer. */
export function failedCheck(
  authorizer: ExternalAuthorizer,
  request: HttpRequest,
): CheckOutcome {
  if (authorizer.failOpen) {
    return {
      kind: "allow",
      request,
      responseHeaders: [],
      clearRouteCache: false,
      isFailOpen: true,
    };
  }
  const status = authorizer.statusOnError;
  const reply = localReply(request, { status, body: "" });
  return {
    kind: "deny",
    reply: { ...reply, body: new Uint8Array() },
    details: "ext_authz_error",
  };
}

/** The header of a check that says whether it carries all of a body. */
export const PARTIAL_BODY = "x-envoy-auth-partial-body";

/** A refusal in the form that the client can read. */
export function deniedReply(
  request: HttpRequest,
  status: number,
  headers: HeaderList,
  body: Uint8Array,
): CheckReply {
  if (!isGrpc(request.headers)) {
    const length: HeaderList = [["content-length", `${body.length}`]];
    return { status, headers: [...length, ...headers], body };
  }
  const text = new TextDecoder().decode(body);
  const others = withoutHeaders(headers, new Set(["content-type"]));
  const reply = localReply(request, { status, body: text, headers: others });
  return { ...reply, body: new Uint8Array() };
}
