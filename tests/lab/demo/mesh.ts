import type { HairpinProcess } from "../hairpin.ts";
import type { Lab } from "../lab.ts";
import type { LabPod, LabService } from "../places.ts";
import { startHttpServer, startIperfServer } from "../servers.ts";
import { addWaypoint } from "../waypoint.ts";

/** The mesh of Istio's guides, on two nodes. */
export interface DemoMesh {
  readonly lab: Lab;
  readonly sleep: LabPod;
  readonly notsleep: LabPod;
  readonly httpbin: LabPod;
  readonly waypoint: LabPod;
  /** httpbin's. No waypoint is in front of it until a chapter puts one there. */
  readonly service: LabService;
}

/** Both nodes' proxies, and the waypoint's. */
export interface Proxies {
  readonly client: HairpinProcess;
  readonly server: HairpinProcess;
  readonly waypoint: HairpinProcess;
}

export const HTTP_PORT = 8000;

/** Adds the pods, the service and the programs. */
export async function buildMesh(lab: Lab): Promise<DemoMesh> {
  const sleep = await lab.addPod({ name: "sleep", node: "node-1" });
  const notsleep = await lab.addPod({ name: "notsleep", node: "node-1" });
  const httpbin = await lab.addPod({ name: "httpbin", node: "node-2" });
  const waypoint = await addWaypoint(lab, { name: "waypoint", node: "node-1" });
  const service = await lab.addService({
    name: "httpbin",
    selector: { app: "httpbin" },
    ports: [{ name: "http", port: HTTP_PORT, targetPort: HTTP_PORT }],
  });
  await startHttpServer(lab, httpbin, HTTP_PORT);
  await startIperfServer(lab, httpbin);
  return { lab, sleep, notsleep, httpbin, waypoint, service };
}

/** Starts hairpin on both nodes and as the waypoint, and waits until it serves the pods. */
export async function startProxies(
  { lab, sleep, notsleep, httpbin, ...mesh }: DemoMesh,
): Promise<Proxies> {
  const [client, server, waypoint] = await Promise.all([
    lab.startHairpin(lab.node("node-1")),
    lab.startHairpin(lab.node("node-2")),
    lab.startHairpin(mesh.waypoint, { gateway: "default/waypoint" }),
  ]);
  await Promise.all([
    client.untilPodUp(sleep),
    client.untilPodUp(notsleep),
    server.untilPodUp(httpbin),
  ]);
  return { client, server, waypoint };
}

/** The policies that the demo puts into force, as one would `kubectl apply` them. */
export const POLICIES = {
  "deny-notsleep": `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: deny-notsleep, namespace: default}
spec:
  selector: {matchLabels: {app: httpbin}}
  action: DENY
  rules:
  - from: [{source: {principals: [cluster.local/ns/default/sa/notsleep]}}]
`,
  "allow-sleep": `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: allow-sleep, namespace: default}
spec:
  selector: {matchLabels: {app: httpbin}}
  action: ALLOW
  rules:
  - from: [{source: {principals: [cluster.local/ns/default/sa/sleep]}}]
`,
  "deny-secret": `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: deny-secret, namespace: default}
spec:
  targetRefs: [{kind: Service, group: "", name: httpbin}]
  action: DENY
  rules:
  - to: [{operation: {paths: ["/private*"]}}]
`,
  "strict": `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: strict, namespace: default}
spec:
  mtls: {mode: STRICT}
`,
} as const;
