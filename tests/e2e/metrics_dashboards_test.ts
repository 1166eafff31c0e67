/** Every name that Istio's dashboards and Kiali ask for, in scrapes after traffic. */
import assert from "node:assert/strict";
import {
  ControlPlane,
  controlPlaneSkipReason,
} from "../lab/control_plane/mod.ts";
import {
  type HairpinProcess,
  inNamespace,
  Lab,
  labSkipReason,
  must,
  parseMetrics,
  type Sample,
  sumSamples,
} from "../lab/mod.ts";
import {
  type DashboardRow,
  NODE_ROWS,
  WAYPOINT_ROWS,
  XDS_ROWS,
} from "./dashboard_rows.ts";
import { HttpMesh } from "./http_mesh.ts";
import { callHttp2, sendRaw } from "./http_programs.ts";
import { share } from "./share.ts";
import { eventually } from "./support.ts";

const httpTest = share(async () => {
  const mesh = await HttpMesh.start();
  await makeTraffic(mesh);
  return mesh;
});

httpTest("a node has what dashboards ask of ztunnel", async (mesh) => {
  const [client, server] = mesh.proxies;
  await assertRows(client, NODE_ROWS);
  const sent = "istio_tcp_sent_bytes_total";
  const build = { component: "ztunnel" };
  const ends = {
    source_workload: "client",
    source_workload_namespace: "mesh",
    source_principal: "spiffe://cluster.local/ns/mesh/sa/client",
    destination_service: "echo.mesh.svc.cluster.local",
    connection_security_policy: "mutual_tls",
  };
  await assertSome(client, "istio_build", build);
  // The waypoint is the next hop, and what the server's side sees as its peer.
  await assertSome(client, sent, {
    ...ends,
    reporter: "source",
    destination_workload: "waypoint",
  });
  await assertSome(server, sent, {
    reporter: "destination",
    source_workload: "waypoint",
    destination_workload: "echo-v1",
    connection_security_policy: "mutual_tls",
  });
});

httpTest("a waypoint has what dashboards ask of it", async (mesh) => {
  const { waypoint } = mesh;
  await assertRows(waypoint, WAYPOINT_ROWS);
  const ends = {
    reporter: "waypoint",
    source_workload: "client",
    source_cluster: "Kubernetes",
    destination_service_name: "echo-v1",
    destination_workload: "echo-v1",
    destination_workload_namespace: "mesh",
    connection_security_policy: "mutual_tls",
  };
  await assertSome(waypoint, "istio_build", { component: "proxy" });
  await assertSome(waypoint, "istio_requests_total", {
    ...ends,
    request_protocol: "http",
    response_code: "200",
    response_flags: "-",
    grpc_response_status: "",
  });
  // Both from the trailers, after the messages.
  for (const status of ["0", "5"]) {
    await assertSome(waypoint, "istio_requests_total", {
      ...ends,
      request_protocol: "grpc",
      response_code: "200",
      grpc_response_status: status,
    });
  }
  await assertSome(waypoint, "istio_tcp_sent_bytes_total", {
    reporter: "waypoint",
    destination_service_name: "echo",
  });
  const samples = await waypoint.metrics();
  const { connection_security_policy: _, ...of } = ends;
  assert.equal(sumSamples(samples, "istio_request_messages_total", of), 3);
  assert.equal(sumSamples(samples, "istio_response_messages_total", of), 2);
});

const skip = await labSkipReason() ?? await controlPlaneSkipReason();
if (skip !== undefined) {
  console.log(`the test of xDS figures is skipped: ${skip}`);
}

Deno.test({
  name: "a node that follows istiod has its xDS figures",
  ignore: skip !== undefined,
  fn: checkXdsFigures,
});

async function checkXdsFigures(): Promise<void> {
  await using lab = await Lab.create({ nodes: 1 });
  await using plane = await ControlPlane.start({ lab });
  await lab.addNamespace("default");
  const node = lab.node("node-1");
  const { env } = await plane.addNode("node-1", node.ips[0]!);
  const { CA_ADDRESS: _, CA_ROOT_CA: __, ALT_CA_HOSTNAME: ___, ...xds } = env;
  const hairpin = await lab.startHairpin(node, { redirect: "none", env: xds });
  for (const url of ["workload.Address", "security.Authorization"]) {
    await assertSome(hairpin, "istio_xds_message_total", {
      url: `type.googleapis.com/istio.${url}`,
    });
  }
  await plane.stopIstiod("SIGKILL");
  await eventually("the stream's end counted", async () => {
    const samples = await hairpin.metrics();
    return sumSamples(samples, "istio_xds_connection_terminations_total") > 0;
  });
  await assertRows(hairpin, XDS_ROWS);
}

/** Requests, gRPC calls, a connection and a name. */
async function makeTraffic(mesh: HttpMesh): Promise<void> {
  const { lab, pods } = mesh;
  assert.equal((await mesh.curl(mesh.urlOf("echo-v1"))).status, 200);
  await callHttp2(lab, pods.client, mesh.at("echo-v1", 7070), [
    grpc("Stream", [MESSAGE, MESSAGE]),
    grpc("Fail", [MESSAGE]),
  ]);
  const echoed = await sendRaw(lab, pods.client, mesh.at("echo", 9090), [
    "hi",
  ]);
  assert.match(echoed.join(), /hi/);
  const query = ["dig", "+time=5", "@10.96.0.53", "echo.mesh"];
  await lab.exec(pods.client, query);
}

const MESSAGE = "\0\0\0\0\x02hi";

const grpc = (method: string, chunks: readonly string[]) => ({
  headers: {
    ":method": "POST",
    ":path": `/proto.EchoTestService/${method}`,
    "content-type": "application/grpc",
    te: "trailers",
  },
  chunks,
  pingPong: method === "Stream",
});

const urlOfStats = "http://127.0.0.1:15020/stats/prometheus";

/** Every row has a sample of its type with all its labels. */
async function assertRows(
  { place }: HairpinProcess,
  rows: readonly DashboardRow[],
): Promise<void> {
  const scrape = inNamespace(place.netns, ["curl", "-sS", urlOfStats]);
  const text = await must(scrape);
  const samples = parseMetrics(text);
  const missing = rows.filter((row) => !isThere(text, samples, row))
    .map(({ sample, labels }) => `${sample}{${labels}}`);
  assert.deepEqual(missing, []);
}

function isThere(
  text: string,
  samples: readonly Sample[],
  { sample, type, labels }: DashboardRow,
): boolean {
  const family = sample.replace(/_(total|bucket|sum|count)$/, "");
  const names = type === "gauge" ? [sample] : [family];
  const typed = names.some((name) => text.includes(`# TYPE ${name} ${type}\n`));
  return typed &&
    samples.some(({ name, labels: has }) =>
      name === sample && labels.every((label) => label in has)
    );
}

/** Traffic is counted a moment after it is seen. */
function assertSome(
  proxy: HairpinProcess,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  return eventually(
    `${name}${JSON.stringify(labels)}`,
    async () => sumSamples(await proxy.metrics(), name, labels) > 0,
  );
}
