/** The same ways over IPv6, and services of both families. */
import assert from "node:assert/strict";
import {
  greetingOf,
  type LabPod,
  startHttpServer,
  urlHost,
} from "../lab/mod.ts";
import { AccessTail, call, identityOf } from "./calls.ts";
import { HTTP_PORT, type Mesh, shareMesh } from "./support.ts";

const meshTest = shareMesh();

meshTest(
  "a pod's IPv6 address is reached through a tunnel, under the client's own",
  async (mesh) => {
    const { sleep, httpbin } = mesh;
    const { reply, fields } = await trace(mesh, mesh.urlOf(httpbin, "/ip", 6));
    assert.equal(reply.body, `${sleep.ips[1]}\n`);
    assert.equal(fields["dst.addr"], `[${httpbin.ips[1]}]:15008`);
    assert.equal(fields["dst.hbone_addr"], `[${httpbin.ips[1]}]:${HTTP_PORT}`);
    assert.equal(fields["dst.identity"], identityOf(httpbin));
  },
);

meshTest(
  "both of a service's addresses lead to its pods, each by its own family",
  async (mesh) => {
    const { httpbin, services } = mesh;
    for (const family of [4, 6] as const) {
      const url = mesh.urlOf(services.httpbin, "/", family);
      const { reply, fields } = await trace(mesh, url, family);
      assert.equal(reply.body, `${greetingOf(httpbin)}\n`);
      const host = urlHost(httpbin.ips[family === 4 ? 0 : 1]!);
      assert.equal(fields["dst.hbone_addr"], `${host}:${HTTP_PORT}`);
      assert.equal(fields["dst.service"], "httpbin.default.svc.cluster.local");
    }
  },
);

meshTest("pods of one node talk over IPv6 in the lane", async (mesh) => {
  const { lab, client, sleep } = mesh;
  const near = await lab.addPod({ name: "near", node: "node-1" });
  await startHttpServer(lab, near, HTTP_PORT);
  await client.untilPodUp(near);
  const tail = new AccessTail(client);
  const { reply } = await trace(mesh, mesh.urlOf(near, "/ip", 6));
  assert.equal(reply.body, `${sleep.ips[1]}\n`);
  const { fields } = await tail.until({ direction: "inbound" });
  assert.equal(fields["src.addr"], `[${sleep.ips[1]}]:${reply.localPort}`);
  assert.equal(fields["dst.hbone_addr"], `[${near.ips[1]}]:${HTTP_PORT}`);
});

meshTest("an outsider is called over IPv6, and calls", async (mesh) => {
  const { lab, httpbin } = mesh;
  const [, ip = ""] = lab.outsider.ips;
  const outside: LabPod = { ...lab.pod("sleep"), ...lab.outsider };
  await startHttpServer(lab, outside, HTTP_PORT);
  const { fields } = await trace(mesh, `http://[${ip}]:${HTTP_PORT}/ip`);
  assert.equal(fields["dst.addr"], `[${ip}]:${HTTP_PORT}`);
  const url = mesh.urlOf(httpbin, "/ip", 6);
  const reply = await call(lab, lab.outsider, url);
  assert.equal(reply.body, `${ip}\n`);
});

meshTest(
  "a service of IPv6 alone sends IPv6 alone to pods of both families",
  async (mesh) => {
    const vip = "fd96::77";
    const manifest = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "six", namespace: "default" },
      spec: {
        clusterIP: vip,
        clusterIPs: [vip],
        ipFamilies: ["IPv6"],
        selector: { app: "httpbin" },
        ports: [{ port: 80, targetPort: HTTP_PORT }],
      },
    };
    await mesh.withPolicy("service-six", manifest, async () => {
      const { reply, fields } = await trace(mesh, `http://[${vip}]/`);
      assert.equal(reply.status, 200);
      const { httpbin } = mesh;
      assert.equal(
        fields["dst.hbone_addr"],
        `[${httpbin.ips[1]}]:${HTTP_PORT}`,
      );
    });
  },
);

/** A call of sleep's, and its line at the client's node. */
async function trace(mesh: Mesh, url: string, family: 4 | 6 = 6) {
  const tail = new AccessTail(mesh.client);
  const reply = await call(mesh.lab, mesh.sleep, url, ["-g"]);
  const ip = urlHost(mesh.sleep.ips[family === 4 ? 0 : 1] ?? "");
  const source = `${ip}:${reply.localPort}`;
  const wanted = { "src.addr": source, direction: "outbound" };
  const { fields } = await tail.until(wanted);
  return { reply, fields };
}
