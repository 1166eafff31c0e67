/** Waypoints that are set up to be their own: every call to one ends. */
import assert from "node:assert/strict";
import type { HairpinProcess, LabPod, LabService } from "../lab/mod.ts";
import { startHttpServer } from "../lab/mod.ts";
import { byCurl } from "./bypass_callers.ts";
import { call } from "./calls.ts";
import { descriptorsOf } from "./descriptors.ts";
import { share } from "./share.ts";
import { eventually, HTTP_PORT } from "./support.ts";
import { gateway, WaypointMesh, waypointPod } from "./waypoint_support.ts";

const selfTest = share(() => WaypointMesh.start());
const HBONE_PORT = 15_008;
const TIMES = 8;

interface Shape {
  readonly title: string;
  readonly name: string;
  /** Of the pod, beside those of a waypoint. */
  readonly labels: Readonly<Record<string, string>>;
  readonly gateway: (name: string) => object;
}

const addressOfOwnService = (name: string) => ({
  addresses: [{ type: "Hostname", value: `${name}.default.svc.cluster.local` }],
});

const SHAPES: readonly Shape[] = [
  {
    title: "a waypoint whose own service and pod have it as waypoint",
    name: "selfish",
    labels: {},
    gateway: (name) =>
      gateway(name, { waypointFor: "all", spec: addressOfOwnService(name) }),
  },
  {
    title: "the same, with its pod enrolled",
    name: "captured",
    labels: { "istio.io/dataplane-mode": "ambient" },
    gateway: (name) =>
      gateway(name, { waypointFor: "all", spec: addressOfOwnService(name) }),
  },
  {
    // Nothing tells that its pod is a waypoint's: the node's proxy has it too.
    title: "the same, by a Gateway that does not look like a waypoint's",
    name: "disguised",
    labels: { "istio.io/dataplane-mode": "ambient" },
    gateway: (name) => ({
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "Gateway",
      metadata: { name, namespace: "default" },
      spec: {
        gatewayClassName: "disguise",
        listeners: [{ name: "web", port: 80, protocol: "HTTP" }],
        ...addressOfOwnService(name),
      },
    }),
  },
];

for (const { title, name, labels, gateway } of SHAPES) {
  selfTest(`calls end at ${title}`, async (mesh) => {
    const { lab } = mesh;
    const use = { "istio.io/use-waypoint": name };
    const spec = waypointPod(name, "node-2");
    const pod = await addWaypoint(mesh, name, gateway(name), {
      ...spec,
      labels: { ...spec.labels, ...labels, ...use },
    });
    await mesh.change("its service", async () => {
      await lab.addService({
        name,
        labels: use,
        selector: { app: name },
        ports: [
          { name: "http", port: HTTP_PORT, targetPort: HTTP_PORT },
          { name: "hbone", port: HBONE_PORT, targetPort: HBONE_PORT },
        ],
      });
    });
    const waypoint = await lab.startHairpin(pod, {
      gateway: `default/${name}`,
    });
    await startHttpServer(lab, pod, HTTP_PORT);
    try {
      await callsEnd(mesh, waypoint, pod, lab.service(name));
    } finally {
      await waypoint.stop();
      await mesh.change("no Gateway", () => lab.delete(`gateway-${name}`));
    }
  });
}

async function addWaypoint(
  mesh: WaypointMesh,
  name: string,
  object: object,
  spec: Parameters<WaypointMesh["lab"]["addPod"]>[0],
): Promise<LabPod> {
  const { lab } = mesh;
  await mesh.change("Gateway", () => lab.apply(`gateway-${name}`, object));
  await mesh.change("its pod", async () => void await lab.addPod(spec));
  return lab.pod(name);
}

/** However it is called it answers, or cuts, before curl's patience is over. */
async function callsEnd(
  mesh: WaypointMesh,
  waypoint: HairpinProcess,
  pod: LabPod,
  service: LabService,
): Promise<void> {
  const { lab, pods, client, server } = mesh;
  const processes = [waypoint, client, server];
  const [vip] = service.vips;
  const [ip = ""] = pod.ips;
  const once = () =>
    Promise.all([
      byCurl(mesh, pods.sleep, vip),
      byCurl(mesh, pods.neighbour, vip),
      byCurl(mesh, pods.sleep, ip),
      byCurl(mesh, lab.outsider, ip),
      // To HBONE in plaintext: whoever takes it does not understand it.
      call(lab, pods.sleep, `http://${vip}:${HBONE_PORT}/`)
        .then(({ curlCode }) => assert.notEqual(curlCode, 28)),
    ]);
  await once();
  const open = processes.map(descriptorsOf);
  for (let time = 0; time < TIMES; time++) await once();
  await eventually("as many descriptors as before", () => {
    const now = processes.map(descriptorsOf);
    return Promise.resolve(now.every((count, at) => count <= open[at]! + 6));
  });
}
