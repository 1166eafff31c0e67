/** One request at a waypoint: read, judge, route, answer or send on, report. */
import { authorizeHttp } from "../../decide/authorize_http.ts";
import { failureReply } from "../../decide/failure_reply.ts";
import { planRequest, type RequestPlan } from "../../decide/http_plan.ts";
import { type LocalReply, localReply } from "../../decide/local_reply.ts";
import type { HeaderList, HttpRequest } from "../../model/http.ts";
import { DEFAULT_RETRY } from "../../decide/retry.ts";
import type { MessageStream } from "../../net/message_stream.ts";
import { parseFlags } from "../../telemetry/response_flags.ts";
import { peerOf, serviceOf, type WaypointCall } from "./call.ts";
import { forward, type ForwardPlan } from "./forward.ts";
import { readRequest } from "./http_request.ts";
import { sendReply } from "./reply.ts";
import { type RequestOutcome, RequestRecord } from "./request_record.ts";
import type { HttpVersion } from "./upstreams.ts";

/** A request as it came. */
export interface Arrived {
  readonly headers: HeaderList;
  /** Whether it has no body. */
  readonly end: boolean;
  readonly version: HttpVersion;
}

/** What is answered without a backend, and why. */
interface OwnAnswer {
  readonly reply: LocalReply;
  readonly flag?: string;
  readonly details?: string;
  readonly policy?: string | undefined;
  readonly routeName?: string | undefined;
}

/** Serves one request; it ends with a line in the access log, whatever happens. */
export async function serveRequest(
  call: WaypointCall,
  client: MessageStream,
  arrived: Arrived,
): Promise<void> {
  const { view, context } = call;
  const record = new RequestRecord(call, call.telemetry, arrived.version);
  const request = readRequest(arrived.headers, view.pathNormalization);
  const answer = (own: OwnAnswer) => {
    sendReply(client, own.reply);
    record.finish(outcomeOf(own));
  };
  if (request === undefined) {
    const reply = localReply({ headers: [] }, { status: 400, body: "" });
    return answer({ reply, details: "path_normalization_failed" });
  }
  record.received(request);
  const denied = judge(call, request);
  if (denied !== undefined) return answer(denied);
  const plan = planOf(call, request);
  if (plan.kind === "reply") {
    return answer({
      reply: plan.reply,
      flag: plan.reply.flag,
      routeName: plan.source?.name,
      ...(plan.because === undefined ? {} : { details: plan.because }),
    });
  }
  const end = await forward({ call, client, arrived, record }, plan);
  if (end.kind === "answered") return record.finish(end.outcome);
  const reply = failureReply(end.failure, request, plan.source?.kind);
  answer({ reply, flag: reply.flag, routeName: plan.source?.name });
  context.log("proxy::waypoint").debug("no response", { why: end.because });
}

/** @returns what to answer when policy does not let the request pass. */
function judge(
  call: WaypointCall,
  request: HttpRequest,
): OwnAnswer | undefined {
  const policies = call.view.policiesFor(serviceOf(call), "http");
  const verdict = authorizeHttp(policies, { request, peer: peerOf(call) });
  if (verdict.kind === "allow") return undefined;
  const policy = verdict.by && `${verdict.by.namespace}/${verdict.by.name}`;
  if (verdict.kind === "deny") {
    return { reply: verdict.reply, details: verdict.details, policy };
  }
  // A provider that cannot be asked has not said yes.
  const text = { status: 403, body: "RBAC: access denied" };
  return {
    reply: localReply(request, text),
    details: "ext_authz_error",
    policy,
  };
}

/** Pods that are called by their own addresses have no routes. */
function planOf(
  call: WaypointCall,
  request: HttpRequest,
): RequestPlan | ForwardPlan {
  const { view, target, caller, context } = call;
  const service = serviceOf(call);
  if (service === undefined) {
    return {
      kind: "forward",
      request,
      target: undefined,
      mirrors: [],
      responseHeaders: [],
      timeouts: {},
      retry: DEFAULT_RETRY,
    };
  }
  const query = {
    service,
    port: target.port,
    clientNamespace: caller.identity?.namespace,
  };
  return planRequest(view.routes, request, query, context.random);
}

const outcomeOf = (
  { reply, flag, details, policy, routeName }: OwnAnswer,
): RequestOutcome => ({
  status: reply.status,
  flags: parseFlags(flag ?? "-"),
  details,
  policy,
  routeName,
  requestOctets: 0,
  responseOctets: reply.body.length,
  headers: reply.headers,
});
