/** Loops that configuration can build out of waypoints: a connection in one ends. */
import assert from "node:assert/strict";
import {
  type HairpinProcess,
  type LabPod,
  type LabService,
  type Place,
  sendTcp,
  startHttpServer,
} from "../lab/mod.ts";
import { call } from "./calls.ts";
import { descriptorsOf } from "./descriptors.ts";
import { share } from "./share.ts";
import { eventually, HTTP_PORT } from "./support.ts";
import { gateway, WaypointMesh, waypointPod } from "./waypoint_support.ts";

const TCP_PORT = 9000;
const TIMES = 10;
/** More than any chain of waypoints that somebody wants, and few. */
const LINES_PER_CALL_MAX = 12;

/** Two waypoints; each sends what comes for its service to the other's. */
class Ring implements AsyncDisposable {
  private constructor(
    readonly mesh: WaypointMesh,
    readonly second: HairpinProcess,
    readonly services: Readonly<
      Record<"http1" | "http2" | "tcp1" | "tcp2", LabService>
    >,
  ) {}

  static async start(): Promise<Ring> {
    const mesh = await WaypointMesh.start();
    const { lab, pods } = mesh;
    await startHttpServer(lab, pods.neighbour, HTTP_PORT);
    await lab.apply("gateway-second", gateway("second"));
    const pod = await lab.addPod(waypointPod("second", "node-1"));
    const second = await lab.startHairpin(pod, { gateway: "default/second" });
    const services = {
      http1: await addService(mesh, "http1", "waypoint", "http"),
      http2: await addService(mesh, "http2", "second", "http"),
      tcp1: await addService(mesh, "tcp1", "waypoint", "tcp"),
      tcp2: await addService(mesh, "tcp2", "second", "tcp"),
    };
    for (
      const [from, to, kind, port] of [
        ["http1", "http2", "HTTPRoute", HTTP_PORT],
        ["http2", "http1", "HTTPRoute", HTTP_PORT],
        ["tcp1", "tcp2", "TCPRoute", TCP_PORT],
        ["tcp2", "tcp1", "TCPRoute", TCP_PORT],
      ] as const
    ) await lab.apply(`route-${from}`, route(kind, from, to, port));
    const ring = new Ring(mesh, second, services);
    await ring.#untilTurning();
    return ring;
  }

  get waypoints(): readonly HairpinProcess[] {
    return [this.mesh.waypoint, this.second];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mesh[Symbol.asyncDispose]();
  }

  /** Until the routes are read by both: no call is answered by the application. */
  async #untilTurning(): Promise<void> {
    const { lab, pods } = this.mesh;
    const { http1, http2 } = this.services;
    for (const service of [http1, http2]) {
      const url = this.mesh.urlOf(service);
      await eventually(
        `routes of ${service.name}`,
        async () => (await call(lab, pods.sleep, url)).status >= 500,
      );
    }
  }
}

const addService = (
  { lab }: WaypointMesh,
  name: string,
  waypoint: string,
  protocol: "http" | "tcp",
): Promise<LabService> => {
  const port = protocol === "http" ? HTTP_PORT : TCP_PORT;
  return lab.addService({
    name,
    labels: { "istio.io/use-waypoint": waypoint },
    selector: { app: "neighbour" },
    ports: [{ name: protocol, port, targetPort: port }],
  });
};

const route = (kind: string, from: string, to: string, port: number) => ({
  apiVersion: `gateway.networking.k8s.io/${
    kind === "TCPRoute" ? "v1alpha2" : "v1"
  }`,
  kind,
  metadata: { name: from, namespace: "default" },
  spec: {
    parentRefs: [{ kind: "Service", group: "", name: from, port }],
    rules: [{ backendRefs: [{ name: to, port }] }],
  },
});

const ringTest = share(() => Ring.start());

const HTTP_CALLS: readonly (readonly [
  title: string,
  from: (mesh: WaypointMesh) => Place,
  to: (ring: Ring) => LabPod | LabService,
])[] = [
  ["by VIP", ({ pods }) => pods.sleep, ({ services }) => services.http1],
  [
    "by the other's VIP",
    ({ pods }) => pods.sleep,
    ({ services }) => services.http2,
  ],
  ["by pod IP", ({ pods }) => pods.sleep, ({ mesh }) => mesh.pods.neighbour],
  [
    "in plaintext",
    ({ lab }) => lab.outsider,
    ({ mesh }) => mesh.pods.neighbour,
  ],
];

for (const [title, from, to] of HTTP_CALLS) {
  ringTest(`two waypoints that route to each other: ${title}`, async (ring) => {
    const { mesh } = ring;
    const url = mesh.urlOf(to(ring));
    await endsWithoutGrowth(ring, async () => {
      const reply = await call(mesh.lab, from(mesh), url);
      assert.equal(reply.curlCode, 0, JSON.stringify(reply));
      assert.ok(reply.status >= 500, `${reply.status}`);
    });
  });
}

ringTest("two waypoints that route TCP to each other", async (ring) => {
  const { mesh: { lab, pods }, services } = ring;
  await endsWithoutGrowth(ring, async () => {
    const [ip] = services.tcp1.vips;
    const { stdout } = await sendTcp(lab, pods.sleep, ip, TCP_PORT, "round");
    assert.equal(stdout, "");
  });
});

/** Calls a few times: each ends, in a bounded number of hops, and nothing stays open. */
async function endsWithoutGrowth(
  { waypoints, mesh }: Ring,
  once: () => Promise<void>,
): Promise<void> {
  const all = [...waypoints, mesh.client, mesh.server];
  await once();
  const open = all.map(descriptorsOf);
  const lines = waypoints.map(linesOf);
  for (let time = 0; time < TIMES; time++) await once();
  const grown = waypoints.map((waypoint, at) => linesOf(waypoint) - lines[at]!);
  for (const count of grown) {
    assert.ok(count <= TIMES * LINES_PER_CALL_MAX, `log lines: ${grown}`);
  }
  await eventually("as many descriptors as before", () => {
    const now = all.map(descriptorsOf);
    return Promise.resolve(now.every((count, at) => count <= open[at]! + 4));
  });
}

const linesOf = ({ process }: HairpinProcess): number => process.lines().length;
