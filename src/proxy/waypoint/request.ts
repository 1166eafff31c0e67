/** One request at a waypoint: read, judge, route, answer or send on, report. */
import { failureReply } from "../../decide/failure_reply.ts";
import { planRequest, type RequestPlan } from "../../decide/http_plan.ts";
import { localReply } from "../../decide/local_reply.ts";
import type { HeaderList, HttpRequest } from "../../model/http.ts";
import { DEFAULT_RETRY } from "../../decide/retry.ts";
import type { MessageStream } from "../../net/message_stream.ts";
import { parseFlags } from "../../telemetry/response_flags.ts";
import { serviceOf, type WaypointCall } from "./call.ts";
import { forward, type ForwardPlan } from "./forward.ts";
import { judge, type OwnAnswer } from "./judge.ts";
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
  const judged = await judge(call, request, !arrived.end);
  if (judged.kind === "answer") return answer(judged.answer);
  const plan = planOf(call, judged.request);
  if (plan.kind === "reply") {
    return answer({
      reply: plan.reply,
      flag: plan.reply.flag,
      routeName: plan.source?.name,
      ...(plan.because === undefined ? {} : { details: plan.because }),
    });
  }
  const end = await forward(
    { call, client, arrived, record },
    withHeaders(plan, judged.responseHeaders),
  );
  if (end.kind === "answered") return record.finish(end.outcome);
  const reply = failureReply(end.failure, request, plan.source?.kind);
  answer({ reply, flag: reply.flag, routeName: plan.source?.name });
  context.log("proxy::waypoint").debug("no response", { why: end.because });
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

/** What an external authorizer adds to the response. */
const withHeaders = (plan: ForwardPlan, add: HeaderList): ForwardPlan =>
  add.length === 0 ? plan : {
    ...plan,
    responseHeaders: [
      ...plan.responseHeaders,
      { set: [], add: add.map(([name, value]) => [name, value]), remove: [] },
    ],
  };

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
