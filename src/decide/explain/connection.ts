/** A connection at a waypoint whose octets are passed on as they are. */
import type { ExternalAuthorizer } from "../../model/external_authorizer.ts";
import { authorizeTcp } from "../http/authorize.ts";
import { chooseBackend, type ServiceTarget } from "../http/choose_backend.ts";
import type { PolicyHit } from "../http/policies.ts";
import { matchStream } from "../http/route.ts";
import type { Inquiry } from "./inquiry.ts";
import type { Judged, WaypointInquiry } from "./judged.ts";
import { noteDryRun, noteHttpPolicies } from "./policies.ts";
import type { Trail } from "./trail.ts";

export function judgeConnection(
  inquiry: Inquiry,
  call: WaypointInquiry,
): Judged {
  const { trail } = inquiry;
  const { waypoint: { view }, peer, service } = call;
  const policies = view.policiesFor(service, "tcp");
  const sni = inquiry.host === undefined ? {} : { sni: inquiry.host };
  const input = { peer, ...sni };
  noteHttpPolicies(trail, policies, input);
  let verdict = authorizeTcp(policies, input);
  while (verdict.kind === "ask") {
    noteAsking(trail, verdict);
    verdict = verdict.proceed(input);
  }
  noteDryRun(trail, verdict.report.dryRun);
  if (verdict.kind === "deny") {
    const way = trail.stop("verdict", "deny", verdict.details);
    return { kind: "end", way };
  }
  return route(inquiry, call);
}

/** Nobody is asked: what comes after is told as if the answer were yes. */
export function noteAsking(
  trail: Trail,
  { authorizer, by }: { authorizer: ExternalAuthorizer; by: PolicyHit },
): void {
  const policy = `${by.namespace}/${by.name}`;
  trail.note("authorizer", `${authorizer.name} is asked, for policy ${policy}`);
  trail.suppose(`authorizer ${authorizer.name} lets it`);
}

function route(
  { trail, random, host }: Inquiry,
  { waypoint: { view }, service, port, peer }: WaypointInquiry,
): Judged {
  if (service === undefined) return { kind: "send", target: undefined };
  const clientNamespace = peer.identity?.namespace;
  const query = { service, port, clientNamespace };
  const match = matchStream(view.routes, host, query);
  if (match.kind === "no-routes") {
    trail.note("route", "the service has no routes: the service itself");
    return { kind: "send", target: { kind: "service", service, port } };
  }
  if (match.kind !== "rule") {
    const way = trail.stop("route", "fail", "no route takes it");
    return { kind: "end", way };
  }
  const { kind, namespace, name } = match.route;
  trail.note("route", `${kind} ${namespace}/${name} takes it`);
  const backend = chooseBackend(match.rule.backends, random);
  return backend?.target.kind === "service"
    ? { kind: "send", target: noted(trail, backend.target) }
    : {
      kind: "end",
      way: trail.stop(
        "backend",
        "fail",
        backend?.target.because ?? "no backend has weight",
      ),
    };
}

function noted(trail: Trail, target: ServiceTarget): ServiceTarget {
  trail.note("backend", `${target.service}:${target.port}`);
  return target;
}
