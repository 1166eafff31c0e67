/** Connections at a waypoint whose octets are passed on as they are. */
import { messageOf } from "../../base/errors.ts";
import {
  chooseBackend,
  type ServiceTarget,
} from "../../decide/http/choose_backend.ts";
import { matchStream } from "../../decide/http/route.ts";
import { formatIdentity } from "../../model/identity.ts";
import type { WorkloadUid } from "../../model/workload.ts";
import type { ByteStream } from "../../net/byte_stream.ts";
import { peerOfWorkload } from "../../telemetry/traffic.ts";
import type { Failure } from "../failure.ts";
import { serviceNames } from "../service_names.ts";
import { TrackedConnection } from "../tracked_connection.ts";
import { serviceOf, type WaypointCall } from "./call.ts";
import { hopTo } from "./hop.ts";
import { ConnectionJudge } from "./judge_connection.ts";
import { CONNECT_ATTEMPTS_MAX } from "./limits.ts";
import type { Hop } from "./upstreams.ts";

/**
 * Judges, routes and relays one connection.
 *
 * @param serverName The name that the client asks for in TLS, if it does.
 */
export async function serveOpaque(
  call: WaypointCall,
  client: ByteStream,
  serverName?: string,
): Promise<void> {
  const judge = new ConnectionJudge(call, serverName);
  const connection = track(call, judge);
  await connection.finishAfter(async () => {
    const denied = await judge.denial();
    const failure: Failure | undefined = denied === undefined
      ? await carry(call, client, connection, serverName)
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
  serverName: string | undefined,
): Promise<Failure | undefined> {
  const target = targetOf(call, serverName);
  if (typeof target === "string") return { flag: "CONNECT", error: target };
  const tried = new Set<WorkloadUid>();
  for (;;) {
    const hop = await hopTo(call, target, tried);
    if (typeof hop === "string") return { flag: "CONNECT", error: hop };
    const { uid = "" } = hop.route.destination ?? {};
    const isLast = tried.has(uid) || tried.size + 1 >= CONNECT_ATTEMPTS_MAX;
    tried.add(uid);
    using _busy = call.loads.begin(uid);
    const upstream = await open(call, hop);
    if (typeof upstream !== "string") {
      return (await connection.carry(client, upstream)).failure;
    }
    if (isLast) return { flag: "CONNECT", error: upstream };
  }
}

/** @returns why not, as text. */
async function open(
  { upstreams }: WaypointCall,
  hop: Hop,
): Promise<ByteStream | string> {
  try {
    return await upstreams.openOpaque(hop);
  } catch (reason) {
    return `connection failed: ${messageOf(reason)}`;
  }
}

/** @returns undefined for the pod that was called; why not, as text. */
function targetOf(
  call: WaypointCall,
  serverName: string | undefined,
): ServiceTarget | undefined | string {
  const { view, target, caller, context } = call;
  const service = serviceOf(call);
  if (service === undefined) return undefined;
  const { port } = target;
  const clientNamespace = caller.identity?.namespace;
  const query = { service, port, clientNamespace };
  const match = matchStream(view.routes, serverName, query);
  if (match.kind === "no-routes") return { kind: "service", service, port };
  if (match.kind !== "rule") return "no route";
  const backend = chooseBackend(match.rule.backends, context.random);
  if (backend === undefined) return "no backend has weight";
  return backend.target.kind === "service"
    ? backend.target
    : backend.target.because;
}
