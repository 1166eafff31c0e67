/** Connections at a waypoint whose octets are passed on as they are. */
import { messageOf } from "../../base/errors.ts";
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
import { serviceOf, type WaypointCall } from "./call.ts";
import { hopTo } from "./hop.ts";
import { ConnectionJudge } from "./judge_connection.ts";

/** Judges, routes and relays one connection. */
export async function serveOpaque(
  call: WaypointCall,
  client: ByteStream,
): Promise<void> {
  const judge = new ConnectionJudge(call);
  const connection = track(call, judge);
  await connection.finishAfter(async () => {
    const denied = await judge.denial();
    const failure: Failure | undefined = denied === undefined
      ? await carry(call, client, connection)
      : { flag: "DENY", error: denied };
    if (failure !== undefined) client.reset();
    return { failure };
  });
}

function track(
  call: WaypointCall,
  judge: ConnectionJudge,
): TrackedConnection {
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
    stillAllowed: () => judge.stillAllowed,
  });
}

async function carry(
  call: WaypointCall,
  client: ByteStream,
  connection: TrackedConnection,
): Promise<Failure | undefined> {
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
