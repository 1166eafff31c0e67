/** Connections at a waypoint whose octets are passed on as they are. */
import { messageOf } from "../../base/errors.ts";
import { authorizeTcp } from "../../decide/authorize_http.ts";
import {
  chooseBackend,
  type ServiceTarget,
} from "../../decide/choose_backend.ts";
import { matchStream } from "../../decide/http_route.ts";
import { formatIdentity } from "../../model/identity.ts";
import type { ByteStream } from "../../net/byte_stream.ts";
import { peerOfWorkload } from "../../telemetry/traffic.ts";
import type { Failure } from "../failure.ts";
import { serviceNames } from "../service_names.ts";
import { TrackedConnection } from "../tracked_connection.ts";
import { peerOf, serviceOf, type WaypointCall } from "./call.ts";
import { hopTo } from "./hop.ts";

/** Judges, routes and relays one connection. */
export async function serveOpaque(
  call: WaypointCall,
  client: ByteStream,
): Promise<void> {
  const connection = track(call);
  await connection.finishAfter(async () => {
    const failure = await carry(call, client, connection);
    if (failure !== undefined) client.reset();
    return { failure };
  });
}

function track(call: WaypointCall): TrackedConnection {
  const { context, pod, caller, target, dst, workload } = call;
  const source = context.mesh.workloadByIp(workload.network, caller.src.ip);
  return new TrackedConnection(context, pod, {
    traffic: {
      reporter: "waypoint",
      src: caller.src,
      dst,
      mutualTls: caller.identity !== undefined,
      ...(source === undefined ? {} : { source: peerOfWorkload(source) }),
      ...(caller.identity === undefined
        ? {}
        : { sourcePrincipal: formatIdentity(caller.identity) }),
      ...serviceNames(target.kind === "service" ? target.service : undefined),
    },
    row: {
      direction: "inbound",
      src: caller.src,
      actualDst: dst,
      protocol: "HBONE",
      lane: "hbone",
      relay: "user",
    },
    stillAllowed: () => denialOf(call) === undefined,
  });
}

/** @returns why policy refuses the connection; undefined when it does not. */
function denialOf(call: WaypointCall): string | undefined {
  const policies = call.view.policiesFor(serviceOf(call), "tcp");
  const verdict = authorizeTcp(policies, { peer: peerOf(call) });
  if (verdict.kind === "allow") return undefined;
  return verdict.kind === "deny" ? verdict.details : "ext_authz_error";
}

async function carry(
  call: WaypointCall,
  client: ByteStream,
  connection: TrackedConnection,
): Promise<Failure | undefined> {
  const denied = denialOf(call);
  if (denied !== undefined) return { flag: "DENY", error: denied };
  const target = targetOf(call);
  if (typeof target === "string") return { flag: "CONNECT", error: target };
  const hop = await hopTo(call, target);
  if (typeof hop === "string") return { flag: "CONNECT", error: hop };
  try {
    const upstream = await call.upstreams.openOpaque(hop);
    return await connection.carry(client, upstream);
  } catch (reason) {
    return {
      flag: "CONNECT",
      error: `connection failed: ${messageOf(reason)}`,
    };
  }
}

/** @returns undefined for the pod that was called; why not, as text. */
function targetOf(call: WaypointCall): ServiceTarget | undefined | string {
  const { view, target, caller, context } = call;
  const service = serviceOf(call);
  if (service === undefined) return undefined;
  const { port } = target;
  const clientNamespace = caller.identity?.namespace;
  const query = { service, port, clientNamespace };
  const match = matchStream(view.routes, undefined, query);
  if (match.kind === "no-routes") return { kind: "service", service, port };
  if (match.kind !== "rule") return "no route";
  const backend = chooseBackend(match.rule.backends, context.random);
  if (backend === undefined) return "no backend has weight";
  return backend.target.kind === "service"
    ? backend.target
    : backend.target.because;
}
