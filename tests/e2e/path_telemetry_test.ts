/** Lines and labels, to the letter. */
import assert from "node:assert/strict";
import type { LabPod } from "../lab/mod.ts";
import { AccessTail, call, identityOf } from "./calls.ts";
import { HTTP_PORT, type Mesh, shareMesh } from "./support.ts";

const meshTest = shareMesh();

const SERVICE = "httpbin.default.svc.cluster.local";

meshTest(
  "a line of the access log has ztunnel's fields in ztunnel's order, at both ends",
  async (mesh) => {
    const { sleep, httpbin } = mesh;
    const tails = mesh.proxies.map((proxy) => new AccessTail(proxy));
    const url = mesh.urlOf(mesh.services.httpbin, "/1k");
    const { localPort, sent, received } = await call(mesh.lab, sleep, url);
    const pair = [
      parties(sleep, "src", identityOf(sleep)),
      `dst.addr=${httpbin.ips[0]}:15008`,
      `dst.hbone_addr=${httpbin.ips[0]}:${HTTP_PORT}`,
      `dst.service="${SERVICE}"`,
      parties(httpbin, "dst", identityOf(httpbin)),
    ].join(" ");
    const outbound = `${sleep.ips[0]}:${localPort} ${pair} ` +
      `direction="outbound" bytes_sent=${sent} bytes_recv=${received}`;
    const tunnelEnd = `${sleep.ips[0]}:PORT ${pair} ` +
      `direction="inbound" bytes_sent=${received} bytes_recv=${sent}`;
    assert.deepEqual(await linesOf(tails[0]!), [complete(outbound)]);
    const [inbound = ""] = await linesOf(tails[1]!);
    const withoutPort = inbound.replace(/(?<=src\.addr=[\d.]+:)\d+/, "PORT");
    assert.equal(withoutPort, complete(tunnelEnd));
  },
);

meshTest("a plaintext line names no identity and no tunnel", async (mesh) => {
  const { lab, httpbin } = mesh;
  const tail = new AccessTail(mesh.server);
  const { localPort, sent, received } = await call(
    lab,
    lab.outsider,
    mesh.urlOf(httpbin),
  );
  const line = `${lab.outsider.ips[0]}:${localPort} ` +
    `dst.addr=${httpbin.ips[0]}:${HTTP_PORT} dst.service="${SERVICE}" ` +
    `${parties(httpbin, "dst")} ` +
    `direction="inbound" bytes_sent=${received} bytes_recv=${sent}`;
  assert.deepEqual(await linesOf(tail), [complete(line)]);
});

meshTest(
  "the line that opens a connection comes at debug, without an outcome",
  async (mesh) => {
    await mesh.client.admin("/logging?level=access=debug", "POST");
    try {
      const tail = new AccessTail(mesh.client);
      const reply = await call(mesh.lab, mesh.sleep, mesh.urlOf(mesh.httpbin));
      await tail.until({ bytes_sent: `${reply.sent}` });
      const [opened = "", complete = ""] = tail.texts;
      assert.match(opened, /^debug\taccess\tconnection opened\t/);
      const opening = opened.split("\t")[3] ?? "";
      assert.equal(complete.split("\t")[3]?.split(" bytes_sent=")[0], opening);
    } finally {
      await mesh.client.admin("/logging?reset", "POST");
    }
  },
);

meshTest(
  "traffic metrics carry ztunnel's labels in ztunnel's order, the same at both ends",
  async (mesh) => {
    const { sleep, httpbin } = mesh;
    const url = mesh.urlOf(mesh.services.httpbin, "/host");
    const tails = mesh.proxies.map((proxy) => new AccessTail(proxy));
    await call(mesh.lab, sleep, url);
    for (const tail of tails) await linesOf(tail);
    for (const [at, reporter] of ["source", "destination"].entries()) {
      const text = await metricsText(mesh, at);
      const names = ["connections_opened", "connections_closed"];
      for (const name of [...names, "received_bytes", "sent_bytes"]) {
        const labels = labelsOf(reporter, sleep, httpbin);
        const sample = `istio_tcp_${name}_total{${labels}} `;
        assert.ok(text.includes(sample), `no ${sample} in ${text}`);
      }
      assert.match(text, /^istio_tcp_sockets_open\{reporter="/m);
    }
  },
);

meshTest(
  "a plaintext connection is labelled by records, and secured by nothing",
  async (mesh) => {
    const { lab, httpbin } = mesh;
    const tail = new AccessTail(mesh.server);
    await call(lab, lab.outsider, mesh.urlOf(httpbin));
    await linesOf(tail);
    const text = await metricsText(mesh, 1);
    const unknown = [
      ...["workload", "canonical_service", "canonical_revision"],
      ...["workload_namespace", "principal", "app", "version", "cluster"],
    ].map((name) => `source_${name}="unknown"`).join(",");
    const sample = [
      ...text.matchAll(/^istio_tcp_connections_opened_total\{.*/gm),
    ]
      .find(([line]) => line.includes(`reporter="destination",${unknown},`))
      ?.[0];
    assert.match(sample ?? "", /connection_security_policy="unknown"/);
    // Of whom it reached the mesh's record tells, whoever called.
    const principal = `destination_principal="${identityOf(httpbin)}"`;
    assert.ok(sample?.includes(principal), sample);
  },
);

/** What a line says of one side. */
function parties(pod: LabPod, side: "src" | "dst", identity?: string): string {
  return [
    `${side}.workload="${pod.name}"`,
    `${side}.namespace="${pod.namespace}"`,
    ...(identity === undefined ? [] : [`${side}.identity="${identity}"`]),
    `${side}.cluster="Kubernetes"`,
  ].join(" ");
}

const complete = (fields: string) =>
  `info\taccess\tconnection complete\tsrc.addr=${fields} duration="MS"`;

/** Waits for the end of a connection; the lines since, with durations that are alike. */
async function linesOf(tail: AccessTail): Promise<string[]> {
  await tail.until({ error: "" });
  return tail.texts.map((text) =>
    text.replace(/duration="\d+ms"$/, 'duration="MS"')
  );
}

async function metricsText(mesh: Mesh, at: number): Promise<string> {
  const { netns } = mesh.proxies[at]!.place;
  const url = "http://127.0.0.1:15020/metrics";
  return (await mesh.lab.exec({ netns }, ["curl", "-sS", url])).stdout;
}

function labelsOf(
  reporter: string,
  source: LabPod,
  destination: LabPod,
): string {
  return [
    `reporter="${reporter}"`,
    ...peerLabels("source", source),
    `destination_service="${SERVICE}"`,
    'destination_service_namespace="default"',
    'destination_service_name="httpbin"',
    ...peerLabels("destination", destination),
    'request_protocol="tcp"',
    'response_flags="-"',
    'connection_security_policy="mutual_tls"',
    ...["source", "destination"].flatMap((side) => [
      `${side}_region="unknown"`,
      `${side}_zone="unknown"`,
    ]),
  ].join(",");
}

const peerLabels = (side: string, pod: LabPod) => [
  `${side}_workload="${pod.name}"`,
  `${side}_canonical_service="${pod.name}"`,
  `${side}_canonical_revision="latest"`,
  `${side}_workload_namespace="${pod.namespace}"`,
  `${side}_principal="${identityOf(pod)}"`,
  `${side}_app="${pod.name}"`,
  `${side}_version="latest"`,
  `${side}_cluster="Kubernetes"`,
];
