/** A connection whose client has no proxy: it goes as it would without a mesh. */
import { formatAddress, type SocketAddress } from "../../model/address.ts";
import type { ExplainedWay } from "../../model/explanation.ts";
import { type Service, serviceKey } from "../../model/service.ts";
import type { Workload } from "../../model/workload.ts";
import { nextHopOf } from "../next_hop.ts";
import { pickWeighted } from "../pick_weighted.ts";
import { resolvePlaintextInbound } from "../plaintext_target.ts";
import { explainArrival } from "./arrival.ts";
import { explainAtWaypoint } from "./at_waypoint.ts";
import type { Inquiry } from "./inquiry.ts";
import { isEnrolled, podName } from "./parties.ts";

export function explainPlaintext(inquiry: Inquiry): ExplainedWay {
  const { context, trail, target, client } = inquiry;
  const { network, mesh } = context;
  trail.enter("outbound, no proxy");
  const found = mesh.findAddress(
    network,
    target.ip,
    client.workload?.namespace,
  );
  if (found === undefined) {
    const text = `${formatAddress(target)} is nothing that the mesh knows`;
    return trail.stop("target", "allow", text);
  }
  if (found.kind === "workload") {
    trail.note("target", `pod ${podName(found.workload)}`);
    return arrive(inquiry, found.workload, target);
  }
  const endpoint = chooseEndpoint(inquiry, found.service);
  if (typeof endpoint === "string") {
    return trail.stop("target", "fail", endpoint);
  }
  const { workload, dst } = endpoint;
  trail.note(
    "target",
    `service ${found.service.hostname}; its network chooses an endpoint: pod ${
      podName(workload)
    } at ${formatAddress(dst)}`,
  );
  return arrive(inquiry, workload, dst);
}

/** Whatever Kubernetes would choose: any endpoint that is healthy. */
function chooseEndpoint(
  { context: { mesh }, target, random }: Inquiry,
  service: Service,
): { workload: Workload; dst: SocketAddress } | string {
  const endpoints = [...mesh.endpoints(serviceKey(service))];
  const picked = pickWeighted(endpoints, () => 1, random);
  const port = picked?.ports[target.port] || service.ports[target.port];
  if (picked === undefined || !port) {
    return `no healthy upstream: ${formatAddress(target)}`;
  }
  const { workload } = picked;
  const hop = nextHopOf(workload, target.ip, service.ipFamilies);
  return hop?.kind === "ip"
    ? { workload, dst: { ip: hop.ip, port } }
    : "an endpoint without address";
}

function arrive(
  inquiry: Inquiry,
  pod: Workload,
  dst: SocketAddress,
): ExplainedWay {
  const { context, trail, client } = inquiry;
  trail.enter(`inbound at ${podName(pod)}`);
  if (!isEnrolled(pod)) {
    return trail.stop("pod", "allow", "not enrolled: nothing is captured");
  }
  const accepted = resolvePlaintextInbound(context.mesh, { pod, dst });
  if (accepted.kind === "refuse") {
    return trail.stop("target", "fail", accepted.because);
  }
  const src = { ip: client.ip, port: 0 };
  const end = explainArrival(inquiry, { pod, src, dst, identity: undefined });
  if (!("kind" in end)) return end;
  return explainAtWaypoint(inquiry, { ...end, turned: true });
}
