/** What reaches a pod without a tunnel. */
import { messageOf } from "../base/errors.ts";
import {
  type PlaintextTarget,
  resolvePlaintextInbound,
} from "../decide/plaintext_target.ts";
import type { SocketAddress } from "../model/address.ts";
import type { Workload } from "../model/workload.ts";
import type { Accepted } from "../net/listen.ts";
import { peerOfWorkload, type TrafficContext } from "../telemetry/traffic.ts";
import type { ProxyContext, ServedPod } from "./context.ts";
import { workloadUnknown } from "./failure.ts";
import { serveInbound } from "./inbound_connection.ts";
import { lookUpInbound } from "./inbound_lookup.ts";
import { serviceNames } from "./service_names.ts";
import { spiffeIdOf } from "./workload_texts.ts";

/** Serves one connection that was captured on its way into `pod`. */
export async function serveInboundPlaintext(
  context: ProxyContext,
  pod: ServedPod,
  { stream: client, peer: src, original, local }: Accepted,
): Promise<unknown> {
  const dst = original ?? local;
  const refuse = (error: string) => {
    client.reset();
    context.accessLog.failed({ src, dst, direction: "inbound", error });
  };
  const workload = await context.workloadOf(pod.info);
  if (workload === undefined) return refuse(workloadUnknown(pod));
  let target: PlaintextTarget;
  try {
    target = await lookUpInbound(
      context,
      workload,
      { src, identity: undefined },
      (mesh) => resolvePlaintextInbound(mesh, { pod: workload, dst }),
    );
  } catch (reason) {
    return refuse(messageOf(reason));
  }
  if (target.kind === "refuse") return refuse(target.because);
  return serveInbound(context, {
    pod,
    workload,
    src,
    dst: target.dst,
    traffic: trafficOf(context, { src, dst, workload, target }),
    row: {
      direction: "inbound",
      src,
      actualDst: target.dst,
      protocol: "TCP",
      lane: "plaintext",
      relay: "user",
    },
    ...(pod.transparent ? { from: src.ip } : {}),
    downstream: { accept: () => client, refuse: () => client.reset() },
  });
}

/** One connection, and whom it is for. */
interface Arrived {
  readonly src: SocketAddress;
  readonly dst: SocketAddress;
  readonly workload: Workload;
  readonly target: Exclude<PlaintextTarget, { kind: "refuse" }>;
}

/** The source is known by its address alone, and so has no principal. */
function trafficOf(
  { mesh, settings }: ProxyContext,
  { src, dst, workload, target }: Arrived,
): TrafficContext {
  const source = mesh.workloadByIp(settings.network, src.ip);
  return {
    reporter: "destination",
    src,
    dst,
    mutualTls: false,
    destination: peerOfWorkload(workload),
    destinationPrincipal: spiffeIdOf(workload),
    ...(source === undefined ? {} : { source: peerOfWorkload(source) }),
    ...serviceNames(target.service),
  };
}
