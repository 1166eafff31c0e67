/** What reaches a pod without a tunnel. */
import { messageOf } from "../base/errors.ts";
import {
  type PlaintextTarget,
  resolvePlaintextInbound,
} from "../decide/plaintext_target.ts";
import type { Accepted } from "../net/listen.ts";
import { peerOfWorkload, type TrafficContext } from "../telemetry/traffic.ts";
import type { ProxyContext, ServedPod } from "./context.ts";
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
  if (workload === undefined) {
    return refuse(workloadUnknown(pod));
  }
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
  const source = context.mesh.workloadByIp(context.settings.network, src.ip);
  const traffic: TrafficContext = {
    reporter: "destination",
    src,
    dst,
    mutualTls: false,
    destination: peerOfWorkload(workload),
    destinationPrincipal: spiffeIdOf(workload),
    ...(source === undefined ? {} : { source: peerOfWorkload(source) }),
    ...serviceNames(target.service),
  };
  return serveInbound(context, {
    pod,
    workload,
    src,
    dst: target.dst,
    traffic,
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

/** ztunnel's words for a pod that the mesh has no record of. */
export function workloadUnknown({ info }: ServedPod): string {
  const { name, namespace, serviceAccount } = info;
  return "failed to fetch information about local workload: " +
    `${serviceAccount}.${namespace} (${name})`;
}
