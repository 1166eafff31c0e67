/** Where a pod's connections go: by address, by service, past the mesh. */
import assert from "node:assert/strict";
import { greetingOf, type LabPod, startHttpServer } from "../lab/mod.ts";
import { AccessTail, call, identityOf } from "./calls.ts";
import { HTTP_PORT, type Mesh, shareMesh } from "./support.ts";

const meshTest = shareMesh();

const TUNNEL_PORT = 15008;
/** curl's for a reset: at its connecting, before and within an answer. */
const REFUSED_CODES = [7, 35, 52, 55, 56];

/** The outbound line of a call, and a check of what was answered. */
async function callAndTrace(mesh: Mesh, url: string, from = mesh.sleep) {
  const tail = new AccessTail(mesh.client);
  const reply = await call(mesh.lab, from, url);
  const line = await tail.until({
    "src.addr": `${from.ips[0]}:${reply.localPort}`,
  });
  return { reply, line, fields: line.fields };
}

/** The same for a call that is refused, maybe before curl knows its own port. */
async function callRefused(mesh: Mesh, ip: string, port: number) {
  const tail = new AccessTail(mesh.client);
  const reply = await call(mesh.lab, mesh.sleep, `http://${ip}:${port}/`);
  const line = await tail.until({ "dst.addr": `${ip}:${port}` });
  assert.ok(REFUSED_CODES.includes(reply.curlCode), `${reply.curlCode}`);
  return line;
}

const greeted = (pod: LabPod) => `${greetingOf(pod)}\n`;

meshTest(
  "a pod on another node is reached by its address through a tunnel",
  async (mesh) => {
    const { httpbin, sleep } = mesh;
    const { reply, fields } = await callAndTrace(mesh, mesh.urlOf(httpbin));
    assert.equal(reply.body, greeted(httpbin));
    assert.equal(fields["dst.addr"], `${httpbin.ips[0]}:${TUNNEL_PORT}`);
    assert.equal(fields["dst.hbone_addr"], `${httpbin.ips[0]}:${HTTP_PORT}`);
    assert.equal(fields["src.identity"], identityOf(sleep));
    assert.equal(fields["dst.identity"], identityOf(httpbin));
    assert.equal(fields["dst.service"], undefined);
  },
);

meshTest(
  "a service on another node is reached by its cluster IP",
  async (mesh) => {
    const { httpbin } = mesh;
    const url = mesh.urlOf(mesh.services.httpbin);
    const { reply, fields } = await callAndTrace(mesh, url);
    assert.equal(reply.body, greeted(httpbin));
    assert.equal(fields["dst.hbone_addr"], `${httpbin.ips[0]}:${HTTP_PORT}`);
    assert.equal(fields["dst.service"], "httpbin.default.svc.cluster.local");
  },
);

meshTest(
  "the application sees its client's own address through a tunnel",
  async (mesh) => {
    const reply = await mesh.get(mesh.sleep, mesh.urlOf(mesh.httpbin, "/ip"));
    assert.equal(reply.body, `${mesh.sleep.ips[0]}\n`);
  },
);

meshTest(
  "a pod outside the mesh is called without a tunnel, and named without identity",
  async (mesh) => {
    const plain = await addPlainPod(mesh, "plain-server", "node-2");
    await startHttpServer(mesh.lab, plain, HTTP_PORT);
    const { reply, fields } = await callAndTrace(mesh, mesh.urlOf(plain));
    assert.equal(reply.body, greeted(plain));
    assert.equal(fields["dst.addr"], `${plain.ips[0]}:${HTTP_PORT}`);
    assert.equal(fields["dst.workload"], "plain-server");
    assert.equal(fields["dst.hbone_addr"], undefined);
    assert.equal(fields["src.identity"], undefined);
    assert.equal(fields["dst.identity"], undefined);
  },
);

meshTest(
  "a client outside the mesh reaches a pod in plaintext, under its own address",
  async (mesh) => {
    const { httpbin } = mesh;
    const plain = await addPlainPod(mesh, "plain-client", "node-1");
    const tail = new AccessTail(mesh.server);
    const reply = await call(mesh.lab, plain, mesh.urlOf(httpbin, "/ip"));
    assert.equal(reply.body, `${plain.ips[0]}\n`);
    const source = `${plain.ips[0]}:${reply.localPort}`;
    const { fields } = await tail.until({ "src.addr": source });
    assert.equal(fields["src.workload"], "plain-client");
    assert.equal(fields["src.identity"], undefined);
    assert.equal(fields["dst.identity"], undefined);
    assert.equal(fields["dst.addr"], `${httpbin.ips[0]}:${HTTP_PORT}`);
    assert.equal(fields["dst.service"], "httpbin.default.svc.cluster.local");
    assert.equal(fields["direction"], "inbound");
  },
);

meshTest(
  "an address that the mesh does not know is called as it is",
  async (mesh) => {
    const { lab } = mesh;
    const [ip = ""] = lab.outsider.ips;
    const outside = { ...lab.pod("sleep"), ...lab.outsider, name: "outside" };
    await startHttpServer(lab, outside, HTTP_PORT);
    const { reply, fields } = await callAndTrace(
      mesh,
      `http://${ip}:${HTTP_PORT}/`,
    );
    assert.equal(reply.body, greeted(outside));
    assert.equal(fields["dst.addr"], `${ip}:${HTTP_PORT}`);
    assert.equal(fields["dst.workload"], undefined);
    assert.equal(fields["dst.identity"], undefined);
  },
);

meshTest(
  "a service without an address of its own is called by its endpoint's",
  async (mesh) => {
    await mesh.withPolicy("service-headless", {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "headless", namespace: "default" },
      spec: {
        clusterIP: "None",
        selector: { app: "httpbin" },
        ports: [{ port: HTTP_PORT, targetPort: HTTP_PORT }],
      },
    }, async () => {
      const { reply, fields } = await callAndTrace(
        mesh,
        mesh.urlOf(mesh.httpbin),
      );
      assert.equal(reply.body, greeted(mesh.httpbin));
      assert.equal(fields["dst.addr"], `${mesh.httpbin.ips[0]}:${TUNNEL_PORT}`);
    });
  },
);

meshTest("a named target port is looked up in each pod", async (mesh) => {
  const { lab } = mesh;
  const ports = [8081, 8082];
  for (const port of ports) {
    const pod = await lab.addPod({
      name: `named-${port}`,
      node: "node-2",
      labels: { app: "named" },
      ports: [{ name: "web", containerPort: port }],
    });
    await startHttpServer(lab, pod, port);
    await mesh.server.untilPodUp(pod);
  }
  const service = await lab.addService({
    name: "named",
    selector: { app: "named" },
    ports: [{ port: 80, targetPort: "web" }],
  });
  await untilService(mesh, "named");
  const seen = new Set<string>();
  for (let at = 0; at < 60 && seen.size < ports.length; at++) {
    const url = `http://${service.vips[0]}/`;
    const { reply, fields } = await callAndTrace(mesh, url);
    assert.equal(reply.status, 200);
    seen.add(fields["dst.hbone_addr"]?.split(":")[1] ?? "");
  }
  assert.deepEqual([...seen].sort(), ["8081", "8082"]);
});

meshTest("a service without endpoints is refused", async (mesh) => {
  const service = await mesh.lab.addService({
    name: "empty",
    selector: { app: "nobody" },
    ports: [{ port: 80, targetPort: 80 }],
  });
  await untilService(mesh, "empty");
  const line = await callRefused(mesh, service.vips[0], 80);
  assert.equal(line.message, "connection failed");
  const { "src.addr": source = "", ...fields } = line.fields;
  assert.ok(source.startsWith(`${mesh.sleep.ips[0]}:`), source);
  assert.deepEqual(fields, {
    "dst.addr": `${service.vips[0]}:80`,
    direction: "outbound",
    error: `no healthy upstream: ${service.vips[0]}:80`,
  });
});

meshTest("a port that a service does not define is refused", async (mesh) => {
  const [vip] = mesh.services.httpbin.vips;
  const { fields } = await callRefused(mesh, vip, 81);
  assert.equal(fields["error"], `no healthy upstream: ${vip}:81`);
});

meshTest(
  "a pod reaches its own service, and itself, without a loop",
  async (mesh) => {
    const { httpbin } = mesh;
    const growth = () => mesh.server.accessLog().length;
    const before = growth();
    for (const target of [mesh.services.httpbin, httpbin]) {
      const reply = await mesh.get(httpbin, mesh.urlOf(target));
      assert.equal(reply.body, greeted(httpbin));
    }
    // By service: one line for each side. By its own address: past the proxy.
    assert.ok(growth() - before <= 2, `${growth() - before} lines`);
  },
);

/** A pod of the mesh's nodes that is not enrolled. */
async function addPlainPod(mesh: Mesh, name: string, node: string) {
  const labels = { app: name, "istio.io/dataplane-mode": "none" };
  const pod = await mesh.lab.addPod({ name, node, labels });
  for (const proxy of mesh.proxies) {
    await proxy.untilDump(
      `${name} known`,
      (dump) => dump.workloads.some((workload) => workload.name === name),
    );
  }
  return pod;
}

async function untilService(mesh: Mesh, name: string): Promise<void> {
  for (const proxy of mesh.proxies) {
    await proxy.untilDump(
      `service ${name} known`,
      (dump) => dump.services.some((service) => service.name === name),
    );
  }
}
