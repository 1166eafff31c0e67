/** Connections whose octets a waypoint passes on as they are. */
import assert from "node:assert/strict";
import { HttpMesh } from "./http_mesh.ts";
import { startProgram } from "./http_programs.ts";
import { callPeer } from "./peers.ts";
import { issue, writeCertificate } from "./security_support.ts";
import { share } from "./share.ts";

const httpTest = share(async () => {
  const mesh = await HttpMesh.start();
  const { lab, pods } = mesh;
  const certificate = await issue(lab, {
    namespace: "mesh",
    serviceAccount: "echo",
  });
  const { key, chain } = await writeCertificate(lab, certificate);
  for (const name of ["echo-v1", "echo-v2"] as const) {
    await startProgram(lab, pods[name], "tls_server", "8443", key, chain);
  }
  return mesh;
});

const GREETING = "hello from echo-v1\n";

for (
  const [port, kind] of [[9090, "declared"], [6060, "undeclared"]] as const
) {
  httpTest(
    `a server that speaks first is heard on a port that is ${kind}`,
    async (mesh) => {
      const { lab, pods } = mesh;
      const steps = [`read=${GREETING.length}`, "send=ping", "end", "readall"];
      const report = await callPeer(
        lab,
        pods.client,
        mesh.at("echo-v1", port),
        steps,
      );
      assert.equal(report.text, `${GREETING}ping`);
      assert.equal(report.end, "end");
    },
  );

  httpTest(
    `a client that speaks first, and no HTTP, is heard on a port that is ${kind}`,
    async (mesh) => {
      const { lab, pods } = mesh;
      const steps = ["send=\x01\x02", "end", "readall"];
      const report = await callPeer(
        lab,
        pods.client,
        mesh.at("echo-v1", port),
        steps,
      );
      assert.equal(report.text, `${GREETING}\x01\x02`);
    },
  );

  httpTest(
    `a mebibyte each way is unchanged on a port that is ${kind}`,
    async (mesh) => {
      const { lab, pods } = mesh;
      const steps = [
        `read=${GREETING.length}`,
        `fill=${1 << 20}`,
        "end",
        "readall",
      ];
      const report = await callPeer(
        lab,
        pods.client,
        mesh.at("echo-v1", port),
        steps,
      );
      assert.equal(report.received, GREETING.length + (1 << 20));
      assert.equal(report.end, "end");
    },
  );
}

httpTest(
  "HTTP of both versions is told from the first octets",
  async (mesh) => {
    for (const http of ["--http1.1", "--http2-prior-knowledge"]) {
      const reply = await mesh.curl(mesh.urlOf("echo", "/", 8090), [http]);
      assert.equal(reply.status, 200, reply.error);
      const version = http === "--http1.1" ? "1.1" : "2";
      assert.equal(reply.version, version);
      const logged = `"GET / HTTP/${version}" 200 `;
      await mesh.waypoint.process.untilLog(
        new RegExp(RegExp.escape(logged) + "[^]*inbound-vip\\|8090\\|"),
      );
    }
  },
);

httpTest("TLS passes through to the server's own certificate", async (mesh) => {
  const { vips } = mesh.services["echo-v1"];
  const reply = await mesh.curl(`https://${vips[0]}:443/`, ["-k"]);
  assert.deepEqual([reply.status, reply.body], [200, "hello over TLS"]);
});

const route = (kind: string, port: number, spec: object) => ({
  apiVersion: "gateway.networking.k8s.io/v1alpha2",
  kind,
  metadata: { name: "opaque", namespace: "mesh" },
  spec: {
    parentRefs: [{ group: "", kind: "Service", name: "echo", port }],
    ...spec,
  },
});

httpTest("a TCPRoute says where connections go", async (mesh) => {
  const { lab, pods } = mesh;
  const backendRefs = [{ name: "echo-v2", port: 9090 }];
  const manifest = route("TCPRoute", 9090, { rules: [{ backendRefs }] });
  await mesh.under("tcp", [manifest], async () => {
    for (let round = 0; round < 5; round++) {
      const to = mesh.at("echo", 9090);
      const report = await callPeer(lab, pods.client, to, ["end", "readall"]);
      assert.equal(report.text, "hello from echo-v2\n");
    }
  });
});

httpTest("a TCPRoute to nobody ends connections", async (mesh) => {
  const { lab, pods } = mesh;
  const backendRefs = [{ name: "nobody", port: 9090 }];
  const manifest = route("TCPRoute", 9090, { rules: [{ backendRefs }] });
  await mesh.under("tcp", [manifest], async () => {
    const to = mesh.at("echo", 9090);
    const report = await callPeer(lab, pods.client, to, ["readall"]);
    assert.deepEqual([report.end, report.received], ["reset", 0]);
  });
});

httpTest(
  "a TLSRoute goes by the name that the client asks for",
  async (mesh) => {
    const name = "echo.mesh.svc.cluster.local";
    const manifest = route("TLSRoute", 443, {
      hostnames: [name],
      rules: [{ backendRefs: [{ name: "echo-v2", port: 443 }] }],
    });
    const { vips } = mesh.services.echo;
    await mesh.under("tls", [manifest], async () => {
      const asked = (host: string) =>
        mesh.curl(`https://${host}:443/`, [
          ...["-k", "--connect-to", `::${vips[0]}:443`],
        ]);
      assert.equal((await asked(name)).body, "hello over TLS");
      assert.notEqual((await asked("other.test")).curlCode, 0);
    });
  },
);

httpTest("the waypoint counts connections by their parties", async (mesh) => {
  const { lab, pods, waypoint } = mesh;
  const to = mesh.at("echo-v1", 9090);
  await callPeer(lab, pods.client, to, ["end", "readall"]);
  const samples = await waypoint.metrics();
  const closed = samples.filter(({ name, labels }) =>
    name === "istio_tcp_connections_closed_total" &&
    labels.reporter === "waypoint" &&
    labels.source_workload === "client" &&
    labels.destination_service === "echo-v1.mesh.svc.cluster.local"
  );
  assert.ok(closed.some(({ value }) => value > 0));
});
