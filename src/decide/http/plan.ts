/** What is done with a request: answered here, or sent on, and how. */
import type { HttpRequest } from "../../model/http.ts";
import type { HeaderModifier, HttpFilters } from "../../model/http_filters.ts";
import type {
  HttpBackend,
  HttpRoute,
  RouteTimeouts,
} from "../../model/http_route.ts";
import {
  chooseBackend,
  chooseMirrors,
  type ServiceTarget,
} from "./choose_backend.ts";
import { decideCors } from "./cors.ts";
import { modifyHeaders, modifyRequest } from "./headers.ts";
import { redirectLocation } from "./redirect.ts";
import { rewriteRequest } from "./rewrite.ts";
import {
  type MatchedRule,
  matchRoute,
  type RouteQuery,
  type RouteTable,
} from "./route.ts";
import {
  emptyReply,
  failureReply,
  type FlaggedReply,
} from "./failure_reply.ts";
import { DEFAULT_RETRY, type RetryPolicy, retryPolicy } from "./retry.ts";

/** Which rule decided, for the log. */
export interface PlanSource
  extends Pick<HttpRoute, "kind" | "namespace" | "name"> {
  readonly rule?: string;
}

export interface ReplyPlan {
  readonly kind: "reply";
  readonly reply: FlaggedReply;
  /** undefined when no rule took the request. */
  readonly source?: PlanSource;
  /** For the log, where the reply itself does not tell. */
  readonly because?: string;
}

export interface ForwardPlan {
  readonly kind: "forward";
  /** As the backend is to see it; mirrors too. */
  readonly request: HttpRequest;
  readonly target: ServiceTarget;
  readonly mirrors: readonly ServiceTarget[];
  /** To be applied to the response one after the other. */
  readonly responseHeaders: readonly HeaderModifier[];
  readonly timeouts: RouteTimeouts;
  readonly retry: RetryPolicy;
  /** undefined when the service has no routes. */
  readonly source?: PlanSource;
}

export type RequestPlan = ReplyPlan | ForwardPlan;

/** @param random From 0 to below 1; chooses the backend, then the mirrors. */
export function planRequest(
  table: RouteTable,
  request: HttpRequest,
  query: RouteQuery,
  random: () => number,
): RequestPlan {
  const match = matchRoute(table, request, query);
  switch (match.kind) {
    case "rule":
      return followRule(new Step(match, query, random), request);
    case "no-routes":
      return implicit(request, query);
    case "not-found":
      return { kind: "reply", reply: failureReply("no-route", request) };
    case "refused":
      return {
        kind: "reply",
        reply: failureReply("path-too-long", request),
        because: match.because,
      };
  }
}

/** Without routes a service stands for itself. */
const implicit = (
  request: HttpRequest,
  { service, port }: RouteQuery,
): ForwardPlan => ({
  kind: "forward",
  request,
  target: { kind: "service", service, port },
  mirrors: [],
  responseHeaders: [],
  timeouts: {},
  retry: DEFAULT_RETRY,
});

/** One request at one rule. */
class Step {
  readonly source: PlanSource;

  constructor(
    readonly matched: MatchedRule,
    readonly query: RouteQuery,
    readonly random: () => number,
  ) {
    const { route: { kind, namespace, name }, rule } = matched;
    this.source = {
      kind,
      namespace,
      name,
      ...rule.name !== undefined && { rule: rule.name },
    };
  }

  reply(reply: FlaggedReply, because?: string): ReplyPlan {
    return {
      kind: "reply",
      reply,
      source: this.source,
      ...because !== undefined && { because },
    };
  }

  fail(request: HttpRequest, because: string): ReplyPlan {
    const reply = failureReply("invalid-backend", request, this.source.kind);
    return this.reply(reply, because);
  }
}

function followRule(step: Step, request: HttpRequest): RequestPlan {
  const { filters, action } = step.matched.rule;
  const cors = filters.cors && decideCors(filters.cors, request);
  if (cors?.kind === "preflight") return step.reply(cors.reply);
  const plan = act(step, action, request);
  return cors?.kind === "actual" ? withCors(plan, cors.responseHeaders) : plan;
}

function act(
  step: Step,
  action: MatchedRule["rule"]["action"],
  request: HttpRequest,
): RequestPlan {
  switch (action.kind) {
    case "invalid":
      return step.fail(request, action.because);
    case "redirect":
      return redirect(step, step.matched.rule.filters, request) ??
        step.fail(request, "a redirect without its target");
    case "forward":
      return forward(
        step,
        chooseBackend(action.backends, step.random),
        request,
      );
  }
}

function forward(
  step: Step,
  backend: HttpBackend | undefined,
  request: HttpRequest,
): RequestPlan {
  const { rule } = step.matched;
  if (backend === undefined) return step.fail(request, "no backend has weight");
  const { target, filters } = backend;
  if (target.kind === "invalid") return step.fail(request, target.because);
  const changed = change(step, rule.filters, request);
  const redirected = redirect(step, filters, changed);
  if (redirected !== undefined) return redirected;
  const mirrors = [...rule.filters.mirrors, ...filters.mirrors];
  return {
    kind: "forward",
    request: change(step, filters, changed),
    target,
    mirrors: chooseMirrors(mirrors, step.random),
    responseHeaders: [filters.responseHeaders, rule.filters.responseHeaders]
      .filter((modifier) => modifier !== undefined),
    timeouts: rule.timeouts,
    retry: retryPolicy(rule.retry),
    source: step.source,
  };
}

/** Rewrites, then changes headers, which so have the last word. */
function change(
  { matched }: Step,
  { rewrite, requestHeaders }: HttpFilters,
  request: HttpRequest,
): HttpRequest {
  const renamed = rewrite === undefined
    ? request
    : rewriteRequest(request, rewrite, matched.match.path);
  return requestHeaders === undefined
    ? renamed
    : modifyRequest(renamed, requestHeaders);
}

/** @returns undefined when the filters hold no redirect. */
function redirect(
  step: Step,
  { redirect }: HttpFilters,
  request: HttpRequest,
): ReplyPlan | undefined {
  if (redirect === undefined) return undefined;
  const location = redirectLocation(redirect, request, {
    port: step.query.port,
    match: step.matched.match.path,
  });
  return step.reply(emptyReply(redirect.status, [["location", location]]));
}

/** A browser hides failures too from a script whose origin they do not name. */
function withCors(plan: RequestPlan, modifier: HeaderModifier): RequestPlan {
  if (plan.kind === "forward") {
    const responseHeaders = [...plan.responseHeaders, modifier];
    return { ...plan, responseHeaders };
  }
  const headers = modifyHeaders(plan.reply.headers, modifier);
  return { ...plan, reply: { ...plan.reply, headers } };
}
