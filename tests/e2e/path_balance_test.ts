/** Which of a service's endpoints gets a connection. */
import assert from "node:assert/strict";
import { greetingOf, type LabPod, startHttpServer } from "../lab/mod.ts";
import { call, Growth } from "./calls.ts";
import { eventually, HTTP_PORT, type Mesh, shareMesh } from "./support.ts";

const meshTest = shareMesh();

const SERVICE = "pair.default.svc.cluster.local";
/** One endpoint of two is missed by all of them once in 2 to the 39. */
const CALLS = 40;

interface Pair {
  readonly pods: readonly [LabPod, LabPod];
  readonly url: string;
}

meshTest(
  "two endpoints share a service's connections, counted for it at both ends",
  async (mesh) => {
    const { url } = await pairOf(mesh);
    const growths = await Promise.all(
      mesh.proxies.map((proxy) => Growth.watch(proxy)),
    );
    const answers = await callOften(mesh, url);
    assert.deepEqual([...answers.keys()].sort(), ["pair-1", "pair-2"]);
    const labels = {
      destination_service: SERVICE,
      destination_service_name: "pair",
      destination_service_namespace: "default",
    };
    for (const [at, reporter] of ["source", "destination"].entries()) {
      for (const [workload, count] of answers) {
        await growths[at]!.until("istio_tcp_connections_opened_total", {
          ...labels,
          reporter,
          destination_workload: workload,
        }, count);
      }
    }
  },
);

meshTest(
  "an endpoint that is not ready gets nothing, until it is ready again",
  async (mesh) => {
    const { pods: [first], url } = await pairOf(mesh);
    await setReady(mesh, first, false);
    const without = await callOften(mesh, url);
    assert.deepEqual([...without.keys()], ["pair-2"]);
    // Its own address is no promise of health: it is answered as ever.
    const direct = await mesh.get(mesh.sleep, mesh.urlOf(first));
    assert.equal(direct.body, `${greetingOf(first)}\n`);
    await setReady(mesh, first, true);
    const again = await callOften(mesh, url);
    assert.deepEqual([...again.keys()].sort(), ["pair-1", "pair-2"]);
  },
);

meshTest(
  "PreferClose keeps connections in the client's zone while it has endpoints",
  async (mesh) => {
    const { lab } = mesh;
    for (const [at, zone] of ["zone-a", "zone-b"].entries()) {
      await lab.apply(`node-${at + 1}`, nodeIn(`node-${at + 1}`, zone));
    }
    const near = await addServer(mesh, "close-near", "node-1", "close");
    const far = await addServer(mesh, "close-far", "node-2", "close");
    const vip = "10.96.7.7";
    await lab.apply("service-close", closeService(vip));
    await untilEndpoints(mesh, "close", 2);
    const url = `http://${vip}/`;
    const atHome = await callOften(mesh, url);
    assert.deepEqual([...atHome.keys()], [near.name]);
    await setReady(mesh, near, false);
    const away = await callOften(mesh, url);
    assert.deepEqual([...away.keys()], [far.name]);
  },
);

let pair: Pair | undefined;

/** Two servers on the other node behind one service; made once. */
async function pairOf(mesh: Mesh): Promise<Pair> {
  if (pair !== undefined) return pair;
  const first = await addServer(mesh, "pair-1", "node-2", "pair");
  const second = await addServer(mesh, "pair-2", "node-2", "pair");
  const service = await mesh.lab.addService({
    name: "pair",
    selector: { app: "pair" },
    ports: [{ port: 80, targetPort: HTTP_PORT }],
  });
  await untilEndpoints(mesh, "pair", 2);
  return pair = {
    pods: [first, second],
    url: `http://${service.vips[0]}/`,
  };
}

async function addServer(mesh: Mesh, name: string, node: string, app: string) {
  const pod = await mesh.lab.addPod({ name, node, labels: { app } });
  await startHttpServer(mesh.lab, pod, HTTP_PORT);
  await (node === "node-1" ? mesh.client : mesh.server).untilPodUp(pod);
  return pod;
}

/** How often each pod answered. */
async function callOften(mesh: Mesh, url: string) {
  const answers = new Map<string, number>();
  for (let at = 0; at < CALLS; at++) {
    const { body, status } = await call(mesh.lab, mesh.sleep, url);
    assert.equal(status, 200);
    const name = body.trim().replace(greetingOf({ name: "" } as LabPod), "");
    answers.set(name, (answers.get(name) ?? 0) + 1);
  }
  return answers;
}

async function setReady(mesh: Mesh, pod: LabPod, ready: boolean) {
  await mesh.lab.applyPod({ ...pod, ready });
  const status = ready ? "Healthy" : "Unhealthy";
  for (const proxy of mesh.proxies) {
    await proxy.untilDump(
      `${pod.name} ${status}`,
      (dump) =>
        dump.workloads.some((w) => w.name === pod.name && w.status === status),
    );
  }
}

/** The dump tells of the control thread; the workers are told a moment later. */
async function untilEndpoints(mesh: Mesh, name: string, count: number) {
  await eventually(`${count} endpoints of ${name}`, async () => {
    const { services } = await mesh.client.configDump();
    const service = services.find((service) => service.name === name);
    return Object.keys(service?.endpoints ?? {}).length === count;
  });
}

const nodeIn = (name: string, zone: string) => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: {
    name,
    labels: {
      "topology.kubernetes.io/region": "eu",
      "topology.kubernetes.io/zone": zone,
    },
  },
});

const closeService = (vip: string) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "close", namespace: "default" },
  spec: {
    clusterIP: vip,
    clusterIPs: [vip],
    trafficDistribution: "PreferClose",
    selector: { app: "close" },
    ports: [{ port: 80, targetPort: HTTP_PORT }],
  },
});
