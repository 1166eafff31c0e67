import type { ServiceTarget } from "../../decide/choose_backend.ts";
import { completeRoute } from "../../decide/route_plan.ts";
import { routeUpstream, toWorkload } from "../../decide/upstream_route.ts";
import { resolveName } from "../resolve_name.ts";
import type { WaypointCall } from "./call.ts";
import type { Hop } from "./upstreams.ts";

/**
 * Chooses an endpoint of a service, or the pod that was called.
 *
 * @returns why there is none, as text.
 */
export async function hopTo(
  call: WaypointCall,
  target: ServiceTarget | undefined,
): Promise<Hop | string> {
  const { context: { random }, pod, workload } = call;
  const planned = target === undefined ? toPod(call) : toService(call, target);
  if (typeof planned === "string") return planned;
  const route = planned.kind === "resolve"
    ? completeRoute(planned, await resolveName(planned.hostname), random)
    : planned;
  if (route.kind === "reject") return route.because;
  if (route.kind === "double-hbone") return "an endpoint in another network";
  return { route, pod, workload, hops: call.hops + 1 };
}

function toService(
  { context: { mesh, random }, workload: source, view }: WaypointCall,
  { service: key, port }: ServiceTarget,
) {
  const service = mesh.serviceByKey(key);
  if (service === undefined) return `unknown service: ${key}`;
  const { services: fronted } = view;
  return routeUpstream(mesh, { source, service, port, fronted }, random);
}

function toPod({ target, dst }: WaypointCall) {
  if (target.kind !== "workload") return "no pod was called";
  const { workload, port } = target;
  return toWorkload({ workload, port, service: undefined }, dst);
}
