import {
  type Choose,
  chooseAtRandom,
  chooseByTurn,
  chooseLeastRequest,
  chooseUntried,
} from "../../decide/choose_endpoint.ts";
import type { ServiceTarget } from "../../decide/http/choose_backend.ts";
import { completeRoute } from "../../decide/route_plan.ts";
import { routeUpstream, toWorkload } from "../../decide/upstream_route.ts";
import type { WorkloadUid } from "../../model/workload.ts";
import { resolveName } from "../resolve_name.ts";
import type { WaypointCall } from "./call.ts";
import type { Hop } from "./upstreams.ts";

const NOBODY: ReadonlySet<WorkloadUid> = new Set();

/**
 * Chooses an endpoint of a service, or the pod that was called.
 *
 * @param tried Endpoints that have failed already; taken only when there are no
 * others. Default: none.
 * @returns why there is none, as text.
 */
export async function hopTo(
  call: WaypointCall,
  target: ServiceTarget | undefined,
  tried = NOBODY,
): Promise<Hop | string> {
  const { context: { random }, pod, workload } = call;
  const planned = target === undefined
    ? toPod(call)
    : toService(call, target, tried);
  if (typeof planned === "string") return planned;
  const route = planned.kind === "resolve"
    ? completeRoute(planned, await resolveName(planned.hostname), random)
    : planned;
  if (route.kind === "reject") return route.because;
  if (route.kind === "double-hbone") return "an endpoint in another network";
  return { route, pod, workload, hops: call.hops + 1 };
}

function toService(
  call: WaypointCall,
  target: ServiceTarget,
  tried: ReadonlySet<WorkloadUid>,
) {
  const { context: { mesh, random }, workload: source, view } = call;
  const { service: key, port } = target;
  const service = mesh.serviceByKey(key);
  if (service === undefined) return `unknown service: ${key}`;
  const { services: fronted } = view;
  const choose = chooseUntried(chooseFor(call, target), tried);
  return routeUpstream(
    mesh,
    { source, service, port, fronted, choose },
    random,
  );
}

/** As a DestinationRule wants endpoints of the service to be chosen. */
function chooseFor(
  { view, loads }: WaypointCall,
  { service }: ServiceTarget,
): Choose {
  const { balancing } = view.upstreamPolicy(service);
  switch (balancing) {
    case "LEAST_REQUEST":
      return chooseLeastRequest((uid) => loads.at(uid));
    case "ROUND_ROBIN":
      return chooseByTurn(loads.of(service).turns++);
    case "RANDOM":
      return chooseAtRandom;
    default:
      throw new Error(`unhandled: ${balancing satisfies never}`);
  }
}

function toPod({ target, dst }: WaypointCall) {
  if (target.kind !== "workload") return "no pod was called";
  const { workload, port } = target;
  return toWorkload({ workload, port, service: undefined }, dst);
}
