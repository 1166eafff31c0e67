/** Whether a request may pass: external authorizers, tokens, then policies. */
import {
  authorizeRequest,
  type HttpInput,
} from "../../decide/authorize_http.ts";
import { checkCustom } from "../../decide/authorize_custom.ts";
import { type LocalReply, localReply } from "../../decide/local_reply.ts";
import type { HeaderList, HttpRequest, TokenClaims } from "../../model/http.ts";
import { authenticate } from "../tokens/mod.ts";
import { askAuthorizer } from "./ask_authorizer.ts";
import { peerOf, serviceOf, type WaypointCall } from "./call.ts";

/** What is answered without a backend, and why. */
export interface OwnAnswer {
  readonly reply: LocalReply;
  /** Envoy's response flag. Default `-`. */
  readonly flag?: string;
  readonly details?: string | undefined;
  /** `namespace/name` of the policy that decided. */
  readonly policy?: string | undefined;
  readonly routeName?: string | undefined;
}

export type Judged =
  | {
    readonly kind: "pass";
    /** As it goes on: tokens taken out, claims put in. */
    readonly request: HttpRequest;
    /** To be added to the response. */
    readonly responseHeaders: HeaderList;
  }
  | { readonly kind: "answer"; readonly answer: OwnAnswer };

/** In Istio's order: CUSTOM sees the token as it came, the other policies what it says. */
export async function judge(
  call: WaypointCall,
  request: HttpRequest,
  hasBody: boolean,
): Promise<Judged> {
  const custom = await askCustom(call, request, hasBody);
  if (custom.kind === "answer") return custom;
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
  report(call, verdict.report);
  if (verdict.kind === "allow") return undefined;
  const { reply, details, by } = verdict;
  return { reply, details, policy: by && `${by.namespace}/${by.name}` };
}

const inputOf = (
  call: WaypointCall,
  request: HttpRequest,
  token?: TokenClaims,
): HttpInput => ({
  request,
  peer: peerOf(call),
  ...(token === undefined ? {} : { token }),
});

/** Says what AUDIT and dry-run policies had to say. */
function report(
  { context }: WaypointCall,
  { audited, dryRun }: ReturnType<typeof authorizeRequest>["report"],
): void {
  const log = context.log("state");
  for (const { namespace, name } of audited) {
    log.info("audit policy match", { policy: `${namespace}/${name}` });
  }
  for (const outcome of dryRun) {
    const policy = outcome.kind === "no-allow" ? "none" : outcome.by;
    const action = outcome.kind === "deny" ? "deny" : "allow";
    const match = outcome.kind === "no-allow" ? "no_match" : "match";
    context.figures.dryRun(policy, action, match).value++;
    log.debug(`dry-run: ${action} policy ${match}`, { policy });
  }
}

/** Asks every provider that a policy names for this request, one after the other. */
async function askCustom(
  call: WaypointCall,
  arrived: HttpRequest,
  hasBody: boolean,
): Promise<Judged> {
  const policies = call.view.policiesFor(serviceOf(call), "http");
  let request = arrived;
  const responseHeaders: HeaderList[] = [];
  let custom = checkCustom(policies, inputOf(call, request));
  for (;;) {
    if (custom.kind === "pass") {
      return { kind: "pass", request, responseHeaders: responseHeaders.flat() };
    }
    const policy = `${custom.by.namespace}/${custom.by.name}`;
    if (custom.kind === "deny") {
      const text = { status: 403, body: "RBAC: access denied" };
      const reply = localReply(request, text);
      const { details } = custom;
      return { kind: "answer", answer: { reply, details, policy } };
    }
    const outcome = await askAuthorizer(call, custom.authorizer, {
      request,
      hasBody,
    });
    if (outcome.kind === "deny") {
      const { reply } = outcome;
      const body = new TextDecoder().decode(reply.body);
      return {
        kind: "answer",
        answer: { reply: { ...reply, body }, flag: "UAEX", policy },
      };
    }
    request = outcome.request;
    responseHeaders.push(outcome.responseHeaders);
    custom = custom.proceed(inputOf(call, request));
  }
}
