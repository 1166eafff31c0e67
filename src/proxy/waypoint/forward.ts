/** Sending a request on: to one endpoint after another, as its plan allows. */
import type { ServiceTarget } from "../../decide/http/choose_backend.ts";
import type { Failure } from "../../decide/http/failure_reply.ts";
import { mutateHeaders } from "../../decide/http/header_mutations.ts";
import { modifyHeaders } from "../../decide/http/headers.ts";
import { isGrpc } from "../../decide/http/local_reply.ts";
import type { ForwardPlan as RoutedPlan } from "../../decide/http/plan.ts";
import { judgeRetry, retryPauseMs } from "../../decide/http/retry.ts";
import { attemptLimitMs, requestLeftMs } from "../../decide/http/timeouts.ts";
import type { HeaderList } from "../../model/http.ts";
import { DEFAULT_UPSTREAM_POLICY } from "../../model/waypoint_config.ts";
import type { WorkloadUid } from "../../model/workload.ts";
import { inTime } from "../../net/in_time.ts";
import type { MessageStream } from "../../net/message_stream.ts";
import type { EnvoyFlag } from "../../telemetry/response_flags.ts";
import type { HeaderMutation } from "../../model/external_check.ts";
import type { AttemptEnd, CutBy } from "./attempt.ts";
import type { WaypointCall } from "./call.ts";
import { HttpExchange } from "./exchange.ts";
import {
  broken,
  declined,
  noEndpoint,
  notConnected,
  responseOf,
  TIMED_OUT,
  type Tried,
} from "./failed_attempt.ts";
import { GrpcTally } from "./grpc_tally.ts";
import { hopTo } from "./hop.ts";
import { versionFor, writeRequest } from "./http_request.ts";
import type { ServiceLoad } from "./loads.ts";
import { Mirror } from "./mirror.ts";
import { protocolOf } from "../../decide/http/upgrade.ts";
import type { Arrived } from "./arrived.ts";
import type { RequestOutcome, RequestRecord } from "./request_record.ts";
import { CheckedUpgrade } from "./upgrade/upstream_switch.ts";
import type { Hop } from "./upstreams.ts";

/** A plan to a service; without a target, to the pod that was called. */
export type ForwardPlan = Omit<RoutedPlan, "target"> & {
  readonly target: ServiceTarget | undefined;
  /** What authorizers want changed of the response, at last. Default: nothing. */
  readonly mutations?: readonly HeaderMutation[];
};

/** One request on its way. */
export interface Forwarding {
  readonly call: WaypointCall;
  readonly client: MessageStream;
  readonly arrived: Arrived;
  readonly record: RequestRecord;
}

export type ForwardEnd =
  | { readonly kind: "answered"; readonly outcome: RequestOutcome }
  /** The client waits for an answer of ours. */
  | {
    readonly kind: "failed";
    readonly failure: Failure;
    readonly because: string;
    /** Beside that of the failure. */
    readonly flags: readonly EnvoyFlag[];
  };

/** Tries until there is a response that counts, or trying again is not due. */
export async function forward(
  job: Forwarding,
  plan: ForwardPlan,
): Promise<ForwardEnd> {
  const load = job.call.loads.of(plan.target?.service);
  load.requests++;
  try {
    return await new Attempts(job, plan, load).run();
  } finally {
    load.requests--;
  }
}

class Attempts {
  readonly #job: Forwarding;
  readonly #plan: ForwardPlan;
  readonly #load: ServiceLoad;
  readonly #exchange: HttpExchange;
  readonly #tally: GrpcTally | undefined;
  readonly #tried = new Set<WorkloadUid>();
  #made = 0;
  #mirrored = false;
  #responded: HeaderList | undefined;
  /** What to say when only the budget forbade another attempt. */
  #overBudget: readonly EnvoyFlag[] = [];

  constructor(job: Forwarding, plan: ForwardPlan, load: ServiceLoad) {
    this.#job = job;
    this.#plan = plan;
    this.#load = load;
    this.#tally = isGrpc(plan.request.headers) ? new GrpcTally() : undefined;
    const hasBody = !job.arrived.end;
    this.#exchange = new HttpExchange(job.client, hasBody, this.#tally);
  }

  async run(): Promise<ForwardEnd> {
    for (;;) {
      const end = await this.#attemptCounted();
      if ("kind" in end) return end;
      if (this.#exchange.clientGone) return this.#answered(0, "client");
      if (!this.#mayRepeat(end)) {
        const { failure, because } = end;
        return {
          kind: "failed",
          failure: this.#nameOf(failure),
          because,
          flags: this.#overBudget,
        };
      }
      const pauseMs = retryPauseMs(this.#plan.retry, this.#made, Math.random);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  #nameOf(failure: Failure): Failure {
    const exhausted = this.#made > 1 && failure === "connect-failure";
    return exhausted ? "retries-exhausted" : failure;
  }

  #mayRepeat({ failed }: Pick<Tried, "failed">): boolean {
    if (failed === undefined || !this.#exchange.repeatable) return false;
    const at = { made: this.#made, load: this.#load };
    const verdict = judgeRetry(this.#plan.retry, failed, at);
    this.#overBudget = verdict === "over-budget" ? ["UO"] : [];
    return verdict === "retry";
  }

  async #attemptCounted(): Promise<ForwardEnd | Tried> {
    this.#made++;
    const again = this.#made > 1;
    if (again) this.#load.retries++;
    try {
      return await this.#attempt();
    } finally {
      if (again) this.#load.retries--;
    }
  }

  async #attempt(): Promise<ForwardEnd | Tried> {
    const { call, record } = this.#job;
    const { target, timeouts } = this.#plan;
    const begunMs = record.elapsedMs;
    const limitMs = attemptLimitMs(timeouts, begunMs);
    if (limitMs === 0) return TIMED_OUT;
    const hop = await hopTo(call, target, this.#tried);
    if (typeof hop === "string") return noEndpoint(hop);
    record.sentTo(hop);
    const { uid = "" } = hop.route.destination ?? {};
    this.#tried.add(uid);
    using _busy = call.loads.begin(uid);
    const upstream = await this.#open(hop, limitMs);
    if ("failure" in upstream) return upstream;
    const takenMs = record.elapsedMs - begunMs;
    const end = await this.#exchange.attempt(upstream, {
      attemptMs: limitMs && Math.max(0, limitMs - takenMs),
      requestMs: requestLeftMs(timeouts, record.elapsedMs),
      accept: (headers) => this.#accept(headers),
    });
    return this.#conclude(end);
  }

  /** @returns what went wrong, when the head could not be sent. */
  async #open(
    hop: Hop,
    limitMs: number | undefined,
  ): Promise<MessageStream | Tried> {
    const { call } = this.#job;
    const { target } = this.#plan;
    const { connectTimeoutMs } = target === undefined
      ? DEFAULT_UPSTREAM_POLICY
      : call.view.upstreamPolicy(target.service);
    const timeoutMs = Math.min(limitMs ?? Infinity, connectTimeoutMs);
    try {
      const opening = this.#send(hop, target);
      const late = (stream: MessageStream) => stream.reset();
      const upstream = await inTime(opening, timeoutMs, late);
      if (upstream === undefined) {
        return timeoutMs === limitMs
          ? TIMED_OUT
          : notConnected(`no connection within ${timeoutMs} ms`);
      }
      this.#mirror();
      return upstream;
    } catch (reason) {
      return notConnected(reason);
    }
  }

  async #send(
    hop: Hop,
    target: ServiceTarget | undefined,
  ): Promise<MessageStream> {
    const { call, arrived: { version, end, extended } } = this.#job;
    const headers = writeRequest(this.#plan.request);
    const stream = await call.upstreams.open(
      hop,
      versionFor(call, target, { version }),
      { headers, end },
    );
    return extended ? new CheckedUpgrade(stream, headers) : stream;
  }

  /** A response that counts as a failure is kept from the client, while it may be tried again. */
  #accept(headers: HeaderList): HeaderList | undefined {
    if (this.#mayRepeat({ failed: responseOf(headers) })) return undefined;
    this.#responded = headers;
    const { responseHeaders, mutations = [] } = this.#plan;
    const changed = responseHeaders.reduce(modifyHeaders, headers);
    return mutateHeaders(changed, mutations);
  }

  #conclude(end: AttemptEnd): ForwardEnd | Tried {
    switch (end.how) {
      case "answered":
        return this.#answered(end.status, end.cut);
      case "client-gone":
        return this.#answered(0, "client");
      case "declined":
        return declined(end.headers);
      case "timeout":
        return TIMED_OUT;
      case "broken":
        return broken(end.error, this.#plan.request.method);
      default:
        throw new Error(`unhandled: ${end satisfies never}`);
    }
  }

  #answered(status: number, cut: CutBy | undefined): ForwardEnd {
    const { requestOctets, responseOctets } = this.#exchange;
    const { flags, details } = cut === undefined ? WHOLE : CUTS[cut];
    return {
      kind: "answered",
      outcome: {
        status,
        flags: [...flags, ...this.#overBudget],
        details,
        routeName: this.#plan.source?.name,
        requestOctets,
        responseOctets,
        headers: this.#responded,
        grpc: this.#tally,
      },
    };
  }

  /**
   * Copies go out beside the first attempt that is on its way; not of an
   * upgrade, for nobody would speak on the mirror's connection.
   */
  #mirror(): void {
    if (this.#mirrored || protocolOf(this.#plan.request.headers)) return;
    this.#mirrored = true;
    for (const target of this.#plan.mirrors) {
      const mirror = new Mirror();
      this.#exchange.mirror(mirror);
      this.#openMirror(target).then(
        (stream) => stream === undefined ? mirror.drop() : mirror.start(stream),
        () => mirror.drop(), // nobody waits for it
      );
    }
  }

  async #openMirror(target: ServiceTarget): Promise<MessageStream | undefined> {
    const hop = await hopTo(this.#job.call, target);
    return typeof hop === "string" ? undefined : await this.#send(hop, target);
  }
}

interface Told {
  readonly flags: readonly EnvoyFlag[];
  readonly details: string;
}

const WHOLE: Told = { flags: [], details: "via_upstream" };
const CUTS: Readonly<Record<CutBy, Told>> = {
  client: { flags: ["DC"], details: "downstream_remote_disconnect" },
  backend: { flags: ["UC"], details: "upstream_reset_after_response_started" },
  timeout: { flags: ["UT"], details: "response_timeout" },
};
