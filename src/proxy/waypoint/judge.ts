/** Whether a request may pass: external authorizers, tokens, then policies. */
import {
  authorizeRequest,
  type HttpInput,
} from "../../decide/http/authorize.ts";
import type { HttpRequest, TokenClaims } from "../../model/http.ts";
import { authenticate } from "../tokens/mod.ts";
import type { Asked } from "./ask_authorizer.ts";
import { askCustom } from "./ask_custom.ts";
import { peerOf, serviceOf, type WaypointCall } from "./call.ts";
import type { Judged, OwnAnswer } from "./judged.ts";
import { reportPolicies } from "./report_policies.ts";

/** In Istio's order: CUSTOM sees the token as it came, the other policies what it says. */
export async function judge(
  call: WaypointCall,
  asked: Asked,
): Promise<Judged> {
  const custom = await askCustom(call, asked);
  if (custom.kind !== "pass") return custom;
  const { view, tokens } = call;
  const rules = view.tokenRulesFor(serviceOf(call));
  const known = await authenticate(custom.request, rules, tokens);
  if (known.kind === "refused") {
    const { reply, details } = known;
    return { kind: "answer", answer: { reply, details } };
  }
  const token = known.kind === "authenticated" ? known.token : undefined;
  const denied = decide(call, known.request, token);
  if (denied !== undefined) return { kind: "answer", answer: denied };
  const { responseHeaders } = custom;
  return { kind: "pass", request: known.request, responseHeaders };
}

function decide(
  call: WaypointCall,
  request: HttpRequest,
  token: TokenClaims | undefined,
): OwnAnswer | undefined {
  const policies = call.view.policiesFor(serviceOf(call), "http");
  const verdict = authorizeRequest(policies, inputOf(call, request, token));
  reportPolicies(call.context, verdict.report);
  if (verdict.kind === "allow") return undefined;
  const { reply, details, by } = verdict;
  return { reply, details, policy: by && `${by.namespace}/${by.name}` };
}

const inputOf = (
  call: WaypointCall,
  request: HttpRequest,
  token: TokenClaims | undefined,
): HttpInput => ({
  request,
  peer: peerOf(call),
  ...(token === undefined ? {} : { token }),
});
