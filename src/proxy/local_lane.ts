/**
 * The way between two pods of one process: the same decision, policy, log lines
 * and metrics as through the tunnel, and no TLS, since both ends are here.
 */
import type { SocketAddress } from "../model/address.ts";
import type { Workload } from "../model/workload.ts";
import {
  type AcceptedTarget,
  resolveInbound,
} from "../decide/inbound_target.ts";
import type { DirectRoute } from "../decide/route_plan.ts";
import type { ByteStream } from "../net/byte_stream.ts";
import { peerOfWorkload } from "../telemetry/traffic.ts";
import { identityOf, type ProxyContext, type ServedPod } from "./context.ts";
import {
  cutAtDestination,
  type Failure,
  outboundFailure,
  workloadUnknown,
} from "./failure.ts";
import { serveInbound } from "./inbound_connection.ts";
import { serviceNames } from "./service_names.ts";
import { statusText } from "./status_text.ts";
import type { TrackedConnection } from "./tracked_connection.ts";
import { spiffeIdOf } from "./workload_texts.ts";

export interface LocalCall {
  readonly source: Workload;
  /** The application's own address. */
  readonly src: SocketAddress;
  readonly app: ByteStream;
  readonly destination: ServedPod;
  readonly route: DirectRoute;
}

/**
 * Carries one connection to a pod of this process.
 *
 * @param outbound The source's record of it: told of the octets, and able to cut.
 * @returns what the source's side has to report, as it would for a tunnel.
 */
export async function carryLocally(
  context: ProxyContext,
  outbound: TrackedConnection,
  call: LocalCall,
): Promise<Failure | undefined> {
  const { source, src, destination, route } = call;
  try {
    // No certificate, no identity: the tunnel would not open without it either.
    await context.certificates.get(identityOf(source));
  } catch (reason) {
    return outboundFailure(reason);
  }
  const refuse = (status: number, error: string): Failure => {
    const dst = route.to;
    context.accessLog.failed({ src, dst, direction: "inbound", error });
    return refusedWith(status);
  };
  const workload = await context.workloadOf(destination.info);
  if (workload === undefined) return refuse(503, workloadUnknown(destination));
  const target = resolveInbound(context.mesh, {
    pod: workload,
    localIp: route.to.ip,
    authority: route.authority,
    forwardedHost: route.service?.hostname,
  });
  if (target.kind === "refuse") return refuse(target.status, target.because);
  return await deliver(context, outbound, { ...call, workload, target });
}

async function deliver(
  context: ProxyContext,
  outbound: TrackedConnection,
  call: LocalCall & { workload: Workload; target: AcceptedTarget },
): Promise<Failure | undefined> {
  const { source, src, destination, route, workload, target, app } = call;
  outbound.cancellation.during(() => app.reset());
  const end = await serveInbound(context, {
    pod: destination,
    workload,
    src,
    identity: identityOf(source),
    dst: target.dst,
    calledHost: route.service?.hostname,
    traffic: {
      reporter: "destination",
      src,
      source: peerOfWorkload(source),
      sourcePrincipal: spiffeIdOf(source),
      dst: route.to,
      hboneAddress: route.authority,
      mutualTls: true,
      destination: peerOfWorkload(workload),
      destinationPrincipal: spiffeIdOf(workload),
      ...serviceNames(target.service),
    },
    row: {
      direction: "inbound",
      src,
      ...(route.service === undefined
        ? {}
        : { originalDst: route.service.hostname }),
      actualDst: target.dst,
      protocol: "HBONE",
      lane: "local",
      relay: "user",
    },
    ...(destination.transparent ? { from: src.ip } : {}),
    downstream: { accept: () => app, refuse: () => {} },
    also: outbound,
  });
  if (outbound.cancellation.reason !== undefined) return outbound.cancelled();
  if (end.status !== 200) return refusedWith(end.status);
  return end.cut === true ? cutAtDestination() : undefined;
}

const refusedWith = (status: number): Failure => ({
  flag: "CONNECT",
  error: `http status: ${statusText(status)}`,
});
