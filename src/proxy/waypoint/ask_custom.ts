/** CUSTOM policies: whom they want asked about a request, and what came of it. */
import {
  checkCustom,
  type CustomVerdict,
} from "../../decide/http/authorize_custom.ts";
import type { HttpInput } from "../../decide/http/authorize.ts";
import type { CheckOutcome } from "../../decide/ext_authz/ext_authz.ts";
import { localReply } from "../../decide/http/local_reply.ts";
import type { HttpRequest } from "../../model/http.ts";
import type { HeaderMutation } from "../../model/external_check.ts";
import { askAuthorizer, type Asked } from "./ask_authorizer.ts";
import { peerOf, serviceOf, type WaypointCall } from "./call.ts";
import type { Judged, OwnAnswer } from "./judged.ts";

/** Asks every provider that a policy names for this request, one after the other. */
export async function askCustom(
  call: WaypointCall,
  asked: Asked,
): Promise<Judged> {
  const policies = call.view.policiesFor(serviceOf(call), "http");
  let { request } = asked;
  const responseHeaders: HeaderMutation[] = [];
  let custom = checkCustom(policies, inputOf(call, request));
  while (custom.kind === "ask") {
    const { authorizer } = custom;
    const about = { ...asked, request };
    const outcome = await askAuthorizer(call, authorizer, about);
    if (outcome === undefined) return { kind: "gone" };
    if (outcome.kind === "deny") return answer(denial(outcome, custom));
    request = outcome.request;
    responseHeaders.push(...outcome.responseHeaders);
    custom = custom.proceed(inputOf(call, request));
  }
  return custom.kind === "deny"
    ? answer(refusal(request, custom))
    : { kind: "pass", request, responseHeaders };
}

const inputOf = (call: WaypointCall, request: HttpRequest): HttpInput => ({
  request,
  peer: peerOf(call),
});

const answer = (own: OwnAnswer): Judged => ({ kind: "answer", answer: own });

const nameOf = (
  { by }: Exclude<CustomVerdict, { kind: "pass" }>,
): string => `${by.namespace}/${by.name}`;

const denial = (
  { reply, details }: Extract<CheckOutcome, { kind: "deny" }>,
  custom: Extract<CustomVerdict, { kind: "ask" }>,
): OwnAnswer => ({
  reply,
  details,
  flag: FLAGS[details],
  policy: nameOf(custom),
});

/** Only what the authorizer decided, or failed to, is its doing. */
const FLAGS = {
  ext_authz_denied: "UAEX",
  ext_authz_error: "UAEX",
  request_payload_too_large: "-",
  request_overall_timeout: "-",
} as const;

const refusal = (
  request: HttpRequest,
  custom: Extract<CustomVerdict, { kind: "deny" }>,
): OwnAnswer => ({
  reply: localReply(request, { status: 403, body: "RBAC: access denied" }),
  details: custom.details,
  policy: nameOf(custom),
});
