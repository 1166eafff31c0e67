/** Sending a request on: to one endpoint after another, as its plan allows. */
import { messageOf } from "../../base/errors.ts";
import type { Failure } from "../../decide/failure_reply.ts";
import { mutateHeaders } from "../../decide/header_mutations.ts";
import { modifyHeaders } from "../../decide/http_headers.ts";
import type { ForwardPlan as RoutedPlan } from "../../decide/http_plan.ts";
import {
  type FailedAttempt,
  retryPauseMs,
  shouldRetry,
} from "../../decide/retry.ts";
import { attemptLimitMs } from "../../decide/timeouts.ts";
import type { ServiceTarget } from "../../decide/choose_backend.ts";
import type { HeaderList } from "../../model/http.ts";
import type { MessageStream } from "../../net/message_stream.ts";
import type { HeaderMutation } from "../../wire/ext_authz/mod.ts";
import { hopTo } from "./hop.ts";
import type { WaypointCall } from "./call.ts";
import { type AttemptEnd, HttpExchange } from "./exchange.ts";
import { writeRequest } from "./http_request.ts";
import type { RequestOutcome, RequestRecord } from "./request_record.ts";
import type { Arrived } from "./request.ts";
import type { HttpVersion } from "./upstreams.ts";

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

/** What one attempt came to. */
interface Tried {
  readonly failed: FailedAttempt;
  readonly failure: Failure;
  readonly because: string;
}

class Attempts {
  readonly #job: Forwarding;
  readonly #plan: ForwardPlan;
  readonly #load: { requests: number; retries: number };
  readonly #exchange: HttpExchange;
  #made = 0;
  #responded: HeaderList | undefined;

  constructor(
    job: Forwarding,
    plan: ForwardPlan,
    load: { requests: number; retries: number },
  ) {
    this.#job = job;
    this.#plan = plan;
    this.#load = load;
    this.#exchange = new HttpExchange(job.client);
  }

  async run(): Promise<ForwardEnd> {
    for (;;) {
      const end = await this.#attempt();
      if ("kind" in end) return end;
      if (!this.#mayRepeat(end.failed)) {
        const { failure, because } = end;
        return { kind: "failed", failure, because };
      }
      const pauseMs = retryPauseMs(this.#plan.retry, this.#made, Math.random);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  /** A body that has begun to flow cannot be sent a second time. */
  #mayRepeat(failed: FailedAttempt): boolean {
    const unseen = failed.kind === "connect-failure";
    if (!unseen && !this.#job.arrived.end) return false;
    const { retry } = this.#plan;
    return shouldRetry(retry, failed, { made: this.#made, load: this.#load });
  }

  async #attempt(): Promise<ForwardEnd | Tried> {
    const { call, record, arrived } = this.#job;
    const { timeouts, request, mirrors } = this.#plan;
    this.#made++;
    if (this.#made > 1) this.#load.retries++;
    try {
      const timeoutMs = attemptLimitMs(timeouts, record.elapsedMs);
      if (timeoutMs === 0) return timedOut;
      const hop = await hopTo(call, this.#plan.target);
      if (typeof hop === "string") return unhealthy(hop);
      record.sentTo(hop);
      const version = versionFor(call, arrived.version);
      const head = {
        headers: writeRequest(request, version),
        end: arrived.end,
      };
      const upstream = await call.upstreams.open(hop, version, head);
      if (this.#made === 1) this.#mirror(mirrors, head);
      const end = await this.#exchange.attempt(upstream, {
        timeoutMs,
        accept: (headers) => this.#accept(headers),
      });
      return this.#conclude(end);
    } catch (reason) {
      return {
        failed: { kind: "connect-failure" },
        failure: this.#made > 1 ? "retries-exhausted" : "connect-failure",
        because: messageOf(reason),
      };
    } finally {
      if (this.#made > 1) this.#load.retries--;
    }
  }

  /** A response that counts as a failure is kept from the client, while it may be tried again. */
  #accept(headers: HeaderList): HeaderList | undefined {
    const status = Number(headers.find(([name]) => name === ":status")?.[1]);
    if (this.#mayRepeat({ kind: "response", status })) return undefined;
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
        return this.#answered(0, true);
      case "declined":
        return {
          failed: { kind: "response", status: end.status },
          failure: "retries-exhausted",
          because: `status ${end.status}`,
        };
      case "timeout":
        return timedOut;
      case "broken":
        return {
          failed: { kind: "reset" },
          failure: "connect-failure",
          because: end.error?.message ?? "closed without a response",
        };
      default:
        throw new Error(`unhandled: ${end satisfies never}`);
    }
  }

  #answered(status: number, cut: boolean): ForwardEnd {
    const { requestOctets, responseOctets } = this.#exchange;
    return {
      kind: "answered",
      outcome: {
        status,
        flags: !cut ? [] : status === 0 ? ["DC"] : ["UC"],
        details: cut ? undefined : "via_upstream",
        routeName: this.#plan.source?.name,
        requestOctets,
        responseOctets,
        headers: this.#responded,
      },
    };
  }

  #mirror(
    targets: readonly ServiceTarget[],
    head: { headers: HeaderList; end: boolean },
  ): void {
    const { call, arrived } = this.#job;
    for (const target of targets) {
      const send = async () => {
        const hop = await hopTo(call, target);
        if (typeof hop === "string") return;
        const version = versionFor(call, arrived.version);
        this.#exchange.mirror(await call.upstreams.open(hop, version, head));
      };
      send().catch(() => {}); // nobody waits for it
    }
  }
}

const timedOut: Tried = {
  failed: { kind: "timeout" },
  failure: "timeout",
  because: "timeout",
};

const unhealthy = (because: string): Tried => ({
  failed: { kind: "connect-failure" },
  failure: "no-healthy-endpoint",
  because,
});

/** By what the port declares; what it does not, the client decides. */
function versionFor(
  { target }: WaypointCall,
  client: HttpVersion,
): HttpVersion {
  if (target.kind === "workload") return client;
  switch (target.protocol) {
    case "HTTP2":
    case "GRPC":
      return "http2";
    case "HTTP11":
      return "http1";
    default:
      return client;
  }
}
