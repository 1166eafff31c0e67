/** A request at a waypoint. */
import type { HttpRequest } from "../../model/http.ts";
import { authorizeRequest, type HttpInput } from "../http/authorize.ts";
import { checkCustom } from "../http/authorize_custom.ts";
import {
  type ForwardPlan,
  planRequest,
  type PlanSource,
} from "../http/plan.ts";
import { normalizePath } from "../http/path_normalization.ts";
import { noteAsking } from "./connection.ts";
import type { Inquiry } from "./inquiry.ts";
import type { Judged, WaypointInquiry } from "./judged.ts";
import { noteDryRun, noteHttpPolicies } from "./policies.ts";

/** Authorizers, tokens, policies, routes: in the order of a request. */
export function judgeRequest(inquiry: Inquiry, call: WaypointInquiry): Judged {
  const { trail } = inquiry;
  const request = readRequest(inquiry, call);
  if (request === "unasked") {
    const because = "the request decides: ask with its method and path";
    return { kind: "end", way: trail.stop("request", "depends", because) };
  }
  if (request === undefined) {
    const because = "400: its path can be read in more than one way";
    return { kind: "end", way: trail.stop("request", "answer", because) };
  }
  const denied = judge(inquiry, call, { request, peer: call.peer });
  return denied ?? route(inquiry, call, request);
}

function readRequest(
  { request, authority }: Inquiry,
  { waypoint: { view } }: WaypointInquiry,
): HttpRequest | "unasked" | undefined {
  if (request === undefined) return "unasked";
  const path = normalizePath(request.path, view.pathNormalization);
  if (path === undefined || path === "") return undefined;
  const { method } = request;
  return { method, scheme: "http", authority, path, headers: [] };
}

/** @returns undefined when it may pass. */
function judge(
  { trail }: Inquiry,
  { waypoint: { view }, service }: WaypointInquiry,
  input: HttpInput,
): Judged | undefined {
  const policies = view.policiesFor(service, "http");
  noteHttpPolicies(trail, policies, input);
  let custom = checkCustom(policies, input);
  while (custom.kind === "ask") {
    noteAsking(trail, custom);
    custom = custom.proceed(input);
  }
  if (custom.kind === "deny") {
    const way = trail.stop("verdict", "deny", `403: ${custom.details}`);
    return { kind: "end", way };
  }
  const rules = view.tokenRulesFor(service);
  if (rules.length > 0) {
    trail.note("token", "none is taken for granted: it comes without claims");
  }
  const verdict = authorizeRequest(policies, input);
  noteDryRun(trail, verdict.report.dryRun);
  if (verdict.kind === "allow") return undefined;
  const way = trail.stop("verdict", "deny", `403: ${verdict.details}`);
  return { kind: "end", way };
}

function route(
  { trail, random }: Inquiry,
  { waypoint: { view }, service, port, peer }: WaypointInquiry,
  request: HttpRequest,
): Judged {
  if (service === undefined) return { kind: "send", target: undefined };
  const clientNamespace = peer.identity?.namespace;
  const query = { service, port, clientNamespace };
  const plan = planRequest(view.routes, request, query, random);
  if (plan.kind === "reply") {
    const why = plan.because === undefined ? "" : `: ${plan.because}`;
    const rule = plan.source === undefined
      ? "no rule of the routes takes it"
      : `${ruleOf(plan.source)} takes it`;
    trail.note("route", `${rule}${why}`);
    const answer = `the waypoint answers ${plan.reply.status}`;
    return { kind: "end", way: trail.end("answer", answer) };
  }
  trail.note(
    "route",
    plan.source === undefined
      ? "the service has no routes: the service itself"
      : `${ruleOf(plan.source)} takes it${changesOf(plan, request)}`,
  );
  const { service: backend, port: at } = plan.target;
  trail.note("backend", `${backend}:${at}`);
  return { kind: "send", target: plan.target };
}

const ruleOf = ({ kind, namespace, name, rule }: PlanSource): string =>
  `${kind} ${namespace}/${name}${rule === undefined ? "" : ` rule ${rule}`}`;

/** What becomes of the request on its way. */
function changesOf(plan: ForwardPlan, before: HttpRequest): string {
  const changes: string[] = [];
  const { request, mirrors, timeouts } = plan;
  if (request.path !== before.path) changes.push(`path ${request.path}`);
  if (request.authority !== before.authority) {
    changes.push(`host ${request.authority}`);
  }
  for (const { service, port } of mirrors) {
    changes.push(`mirrored to ${service}:${port}`);
  }
  if (timeouts.requestMs !== undefined) {
    changes.push(`within ${timeouts.requestMs} ms`);
  }
  return changes.length === 0 ? "" : `, with ${changes.join(", ")}`;
}
