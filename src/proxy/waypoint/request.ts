/** One request at a waypoint: read, judge, route, answer or send on, report. */
import { failureReply } from "../../decide/http/failure_reply.ts";
import { mutateHeaders } from "../../decide/http/header_mutations.ts";
import { planRequest, type RequestPlan } from "../../decide/http/plan.ts";
import { localReply } from "../../decide/http/local_reply.ts";
import type { HttpRequest } from "../../model/http.ts";
import { DEFAULT_RETRY } from "../../decide/http/retry.ts";
import { protocolOf } from "../../decide/http/upgrade.ts";
import type { MessageStream } from "../../net/message_stream.ts";
import { formatFlags, parseFlags } from "../../telemetry/response_flags.ts";
import type { HeaderMutation } from "../../model/external_check.ts";
import { upgradeProtocols } from "../../wire/http1/mod.ts";
import type { Arrived } from "./arrived.ts";
import { serviceOf, type WaypointCall } from "./call.ts";
import { ClientBody } from "./client_body.ts";
import { forward, type ForwardPlan } from "./forward.ts";
import { judge } from "./judge.ts";
import type { OwnAnswer } from "./judged.ts";
import { readRequest } from "./http_request.ts";
import { sendReply } from "./reply.ts";
import { RequestRecord } from "./request_record.ts";

/** Serves one request; it ends with a line in the access log, whatever happens. */
export async function serveRequest(
  connection: WaypointCall,
  client: MessageStream,
  arrived: Arrived,
): Promise<void> {
  // Orders may change while it is served: all of it goes by the same.
  const call = { ...connection };
  const record = new RequestRecord(call, call.telemetry, arrived.version);
  const { pathNormalization } = call.view;
  const request = readRequest(arrived.headers, pathNormalization);
  const serving = new Serving(call, client, arrived, record);
  if (request === undefined) {
    return serving.refuse(400, "path_normalization_failed");
  }
  if (arrived.extended && !mayBeSwitchedTo(protocolOf(request.headers))) {
    return serving.refuse(501, "upgrade_failed");
  }
  return await serving.serve(request);
}

/** Over HTTP/1.1 other protocols are not even offered. */
const mayBeSwitchedTo = (protocol = ""): boolean =>
  upgradeProtocols([protocol]).length > 0;

class Serving {
  readonly #call: WaypointCall;
  readonly #arrived: Arrived;
  readonly #record: RequestRecord;
  #client: MessageStream;
  #method = "";
  /** What authorizers want changed of the response. */
  #mutations: readonly HeaderMutation[] = [];

  constructor(
    call: WaypointCall,
    client: MessageStream,
    arrived: Arrived,
    record: RequestRecord,
  ) {
    this.#call = call;
    this.#client = client;
    this.#arrived = arrived;
    this.#record = record;
  }

  async serve(request: HttpRequest): Promise<void> {
    this.#record.received(request);
    this.#method = request.method;
    const body = new ClientBody(this.#client, request, !this.#arrived.end);
    const { protocol } = this.#record;
    const judged = await judge(this.#call, { request, body, protocol });
    this.#client = body.stream;
    switch (judged.kind) {
      case "gone":
        return this.#record.finish(CLIENT_GONE);
      case "answer":
        return this.answer(judged.answer);
      case "pass": {
        this.#mutations = judged.responseHeaders;
        const headers = body.headersOnward(judged.request.headers);
        return await this.#send({ ...judged.request, headers });
      }
      default:
        throw new Error(`unhandled: ${judged satisfies never}`);
    }
  }

  refuse(status: number, details: string): void {
    const reply = localReply({ headers: [] }, { status, body: "" });
    this.answer({ reply, details });
  }

  answer(own: OwnAnswer): void {
    const { reply, flag, details, policy, routeName } = own;
    const headers = mutateHeaders(reply.headers, this.#mutations);
    const answered = { ...reply, headers };
    const responseOctets = sendReply(this.#client, answered, this.#method);
    this.#record.finish({
      status: reply.status,
      flags: parseFlags(flag ?? "-"),
      details,
      policy,
      routeName,
      requestOctets: 0,
      responseOctets,
      headers,
    });
  }

  async #send(request: HttpRequest): Promise<void> {
    const plan = planOf(this.#call, request);
    if (plan.kind === "reply") {
      return this.answer({
        reply: plan.reply,
        flag: plan.reply.flag,
        routeName: plan.source?.name,
        details: plan.because ?? plan.reply.details,
      });
    }
    const end = await forward(
      {
        call: this.#call,
        client: this.#client,
        arrived: this.#arrived,
        record: this.#record,
      },
      { ...plan, mutations: this.#mutations },
    );
    if (end.kind === "answered") return this.#record.finish(end.outcome);
    const reply = failureReply(end.failure, request, plan.source?.kind);
    const flag = formatFlags([...parseFlags(reply.flag), ...end.flags]);
    const { details } = reply;
    this.answer({ reply, flag, details, routeName: plan.source?.name });
    const log = this.#call.context.log("proxy::waypoint");
    log.debug("no response", { why: end.because });
  }
}

/** The client left before its request could be judged. */
const CLIENT_GONE = {
  status: 0,
  flags: ["DC"],
  requestOctets: 0,
  responseOctets: 0,
} as const;

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
