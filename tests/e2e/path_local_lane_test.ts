/** Two pods of one node: the lane between them, and the tunnel in its place. */
import assert from "node:assert/strict";
import { greetingOf, type LabPod, startHttpServer } from "../lab/mod.ts";
import { AccessTail, call, Growth, identityOf } from "./calls.ts";
import { callPeer, startPeer, startPeerServer } from "./peers.ts";
import {
  eventually,
  HTTP_PORT,
  labTest,
  type Mesh,
  shareMesh,
  withMesh,
} from "./support.ts";

const meshTest = shareMesh();

const HELD_PORT = 9100;
const DIGEST_OCTETS = 1 << 20;

meshTest("pods of one node talk through the local lane", async (mesh) => {
  const { lab, client, sleep } = mesh;
  const near = await nearOf(mesh);
  const server = await startPeerServer(lab, near, HELD_PORT, [
    ...["read=2", "send=ok", "say=served", "readall"],
  ]);
  const go = `${lab.folder}/go-lane`;
  const to = { ip: near.ips[0]!, port: HELD_PORT };
  const held = startPeer(lab, sleep, to, [
    ...["send=hi", "read=2", "say=open", `until=${go}`, "end", "readall"],
  ]);
  await held.untilSaid("open");
  assert.deepEqual(await lanesOf(mesh, sleep, "outbound"), ["local"]);
  assert.deepEqual(await lanesOf(mesh, near, "inbound"), ["local"]);
  assert.equal(await tunnels(mesh), 0);
  await Deno.writeTextFile(go, "");
  assert.equal((await held.report()).end, "end");
  await server.process.stop();
  await eventually("no connection left", async () => {
    const { workloadState } = await client.configDump();
    return workloadState[sleep.uid]?.connections?.outbound.length === 0;
  });
});

for (
  const [name, flags] of [
    ["the lane writes both sides' lines as a tunnel would", []],
    ["without the lane a tunnel writes them", ["--node-local-lane", "off"]],
  ] as const
) {
  labTest(name, async () => {
    await withMesh({ flags }, async (mesh) => {
      const near = await nearOf(mesh);
      await addServiceOf(mesh, near);
      const tail = new AccessTail(mesh.client);
      const growth = await Growth.watch(mesh.client);
      const url = `http://${mesh.lab.service("near").vips[0]}/ip`;
      const reply = await call(mesh.lab, mesh.sleep, url);
      assert.equal(reply.body, `${mesh.sleep.ips[0]}\n`);
      const outbound = await tail.until({ direction: "outbound" });
      const inbound = await tail.until({ direction: "inbound" });
      assert.deepEqual(
        { ...outbound.fields, duration: "" },
        fieldsOf(mesh.sleep, near, { ...reply, direction: "outbound" }),
      );
      assert.deepEqual(
        { ...inbound.fields, duration: "", "src.addr": "" },
        {
          ...fieldsOf(mesh.sleep, near, { ...reply, direction: "inbound" }),
          "src.addr": "",
        },
      );
      for (const reporter of ["source", "destination"]) {
        await growth.until("istio_tcp_connections_closed_total", {
          reporter,
          connection_security_policy: "mutual_tls",
          source_principal: identityOf(mesh.sleep),
          destination_principal: identityOf(near),
          destination_service: "near.default.svc.cluster.local",
          response_flags: "-",
        }, 1);
      }
      const lane = flags.length === 0 ? "local" : "hbone";
      await growth.until("hairpin_connections_lane_total", { lane }, 2);
    });
  });
}

meshTest("the lane asks policy as the tunnel's end would", async (mesh) => {
  const near = await nearOf(mesh);
  await mesh.withPolicy("deny-sleep", denyFrom("sleep", near), async () => {
    const tail = new AccessTail(mesh.client);
    const refused = await call(mesh.lab, mesh.sleep, mesh.urlOf(near));
    assert.equal(refused.status, 0);
    const outbound = await tail.until({ direction: "outbound" });
    assert.equal(outbound.fields["error"], "http status: 401 Unauthorized");
    const inbound = await tail.until({ direction: "inbound" });
    assert.match(inbound.fields["error"] ?? "", /policy rejection/);
    const other = await mesh.get(mesh.notsleep, mesh.urlOf(near));
    assert.equal(other.body, `${greetingOf(near)}\n`);
  });
});

meshTest("the lane carries octets whole in both directions", async (mesh) => {
  const { lab, sleep } = mesh;
  const near = await nearOf(mesh);
  const bulk = `fill=${DIGEST_OCTETS}`;
  const port = HELD_PORT + 1;
  const server = await startPeerServer(lab, near, port, [
    ...["readall", bulk, "end"],
  ]);
  const to = { ip: near.ips[0]!, port };
  const client = await callPeer(lab, sleep, to, [bulk, "end", "readall"]);
  const served = await server.report();
  assert.equal(client.received, DIGEST_OCTETS);
  assert.equal(client.receivedDigest, served.sentDigest);
  assert.equal(served.receivedDigest, client.sentDigest);
  assert.equal(served.remoteAddress, `::ffff:${sleep.ips[0]}`);
  await server.process.stop();
});

/** A server beside the clients; made once a mesh. */
async function nearOf(mesh: Mesh): Promise<LabPod> {
  const known = mesh.lab.pods.find((pod) => pod.name === "near");
  if (known !== undefined) return known;
  const near = await mesh.lab.addPod({ name: "near", node: "node-1" });
  await startHttpServer(mesh.lab, near, HTTP_PORT);
  await mesh.client.untilPodUp(near);
  return near;
}

async function addServiceOf(mesh: Mesh, pod: LabPod): Promise<void> {
  await mesh.lab.addService({
    name: pod.name,
    selector: { app: pod.name },
    ports: [{ port: 80, targetPort: HTTP_PORT }],
  });
  await mesh.client.untilDump(
    "the service known",
    (dump) => dump.services.some((service) => service.name === pod.name),
  );
}

interface Traffic {
  readonly direction: "outbound" | "inbound";
  readonly localPort: number;
  readonly sent: number;
  readonly received: number;
}

/** All that a line says, its duration aside. */
function fieldsOf(source: LabPod, destination: LabPod, traffic: Traffic) {
  const { direction, localPort, sent, received } = traffic;
  const [out, back] = direction === "outbound"
    ? [sent, received]
    : [received, sent];
  return {
    "src.addr": `${source.ips[0]}:${localPort}`,
    "src.workload": source.name,
    "src.namespace": source.namespace,
    "src.identity": identityOf(source),
    "src.cluster": "Kubernetes",
    "dst.addr": `${destination.ips[0]}:15008`,
    "dst.hbone_addr": `${destination.ips[0]}:${HTTP_PORT}`,
    "dst.service": `${destination.name}.default.svc.cluster.local`,
    "dst.workload": destination.name,
    "dst.namespace": destination.namespace,
    "dst.identity": identityOf(destination),
    "dst.cluster": "Kubernetes",
    direction,
    bytes_sent: `${out}`,
    bytes_recv: `${back}`,
    duration: "",
  };
}

async function lanesOf(
  { client }: Mesh,
  pod: LabPod,
  direction: "inbound" | "outbound",
) {
  const { workloadState } = await client.configDump();
  const rows = workloadState[pod.uid]?.connections?.[direction] ?? [];
  return rows.map(({ lane }) => lane);
}

/** Connections to any tunnel port in sleep's namespace. */
async function tunnels({ lab, sleep }: Mesh): Promise<number> {
  const filter = ["ss", "-Hnt", "state", "established", "dport = :15008"];
  const { stdout } = await lab.exec(sleep, filter);
  return stdout.split("\n").filter((line) => line !== "").length;
}

const denyFrom = (account: string, { name }: LabPod) => ({
  apiVersion: "security.istio.io/v1",
  kind: "AuthorizationPolicy",
  metadata: { name: "deny-sleep", namespace: "default" },
  spec: {
    selector: { matchLabels: { app: name } },
    action: "DENY",
    rules: [{
      from: [{
        source: { principals: [`cluster.local/ns/default/sa/${account}`] },
      }],
    }],
  },
});
