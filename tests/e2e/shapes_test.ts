/** Process shapes other than the usual one: dedicated to a pod, DNS alone, TLS 1.2 too. */
import assert from "node:assert/strict";
import { greetingOf, Lab, type LabPod, startHttpServer } from "../lab/mod.ts";
import { runRedirect } from "../../src/redirect/mod.ts";
import { netnsPath } from "../lab/command.ts";
import { podManifest } from "../lab/manifests.ts";
import { AccessTail, call, identityOf } from "./calls.ts";
import { HTTP_PORT, labTest, withMesh } from "./support.ts";

/** On the link between the nodes. */
const NODE_1 = "192.168.77.1";

const urlOf = (pod: LabPod) => `http://${pod.ips[0]}:${HTTP_PORT}/`;

labTest(
  "a process dedicated to a pod carries its traffic in both directions",
  async () => {
    await using lab = await Lab.create();
    const lone = await lab.addPod({ name: "lone", node: "node-1" });
    const other = await lab.addPod({ name: "other", node: "node-2" });
    const service = await lab.addService({
      name: "other",
      selector: { app: "other" },
      ports: [{ port: HTTP_PORT, targetPort: HTTP_PORT }],
    });
    for (const pod of [lone, other]) await startHttpServer(lab, pod, HTTP_PORT);
    const server = await lab.startHairpin(lab.node("node-2"));
    await server.untilPodUp(other);
    const netns = netnsPath(lone.netns);
    const { exitCode } = await runRedirect({
      action: "apply",
      netns,
      dryRun: false,
      ipv6: true,
    });
    assert.equal(exitCode, 0);
    const own = await lab.startHairpin(lone, {
      redirect: "none",
      env: {
        PROXY_MODE: "dedicated",
        PROXY_WORKLOAD_INFO:
          `${lone.namespace}/${lone.name}/${lone.serviceAccount}`,
        PACKET_MARK: "1337",
      },
    });
    const tail = new AccessTail(own);
    const out = await call(lab, lone, urlOf(other));
    assert.equal(out.body, `${greetingOf(other)}\n`);
    const sent = await tail.until({ direction: "outbound" });
    assert.equal(sent.fields["src.identity"], identityOf(lone));
    assert.equal(sent.fields["dst.identity"], identityOf(other));
    const back = await call(lab, other, urlOf(lone));
    assert.equal(back.body, `${greetingOf(lone)}\n`);
    const taken = await tail.until({ direction: "inbound" });
    assert.equal(taken.fields["src.identity"], identityOf(other));
    const dig = ["dig", "+short", "@10.96.0.53", "other"];
    const { stdout } = await lab.exec(lone, dig);
    assert.equal(stdout, `${service.vips[0]}\n`);
  },
);

labTest("a process without listeners still answers DNS", async () => {
  await using lab = await Lab.create();
  const pod = await lab.addPod({ name: "quiet", node: "node-1" });
  const service = await lab.addService({
    name: "quiet",
    selector: { app: "quiet" },
    ports: [{ port: 80, targetPort: 80 }],
  });
  await lab.startHairpin(pod, {
    redirect: "none",
    env: {
      ENABLE_PROXY: "false",
      PROXY_MODE: "dedicated",
      PROXY_WORKLOAD_INFO: `${pod.namespace}/${pod.name}/${pod.serviceAccount}`,
    },
  });
  const { stdout } = await lab.exec(pod, [
    ...["dig", "+short", "@127.0.0.1", "-p", "15053", "quiet"],
  ]);
  assert.equal(stdout, `${service.vips[0]}\n`);
  const filter = "sport = :15001 or sport = :15006 or sport = :15008";
  const listening = await lab.exec(pod, ["ss", "-Hltn", filter]);
  assert.equal(listening.stdout, "");
});

labTest(
  "tunnels are made as ever where TLS 1.2 is allowed too",
  () =>
    withMesh({ env: { TLS12_ENABLED: "true" } }, async (mesh) => {
      const { status } = await mesh.get(mesh.sleep, mesh.urlOf(mesh.httpbin));
      assert.equal(status, 200);
    }),
);

labTest("a node's own metrics are reached through the mesh", async () => {
  await using lab = await Lab.create();
  const sleep = await lab.addPod({ name: "sleep", node: "node-2" });
  const own = podManifest({
    name: "proxy-1",
    namespace: "default",
    uid: crypto.randomUUID(),
    serviceAccount: "proxy",
    nodeName: "node-1",
    labels: {},
    annotations: {},
    ips: [NODE_1],
    ready: true,
    ports: [],
  });
  await lab.apply("pod-proxy-1", own);
  const server = await lab.startHairpin(lab.node("node-1"), {
    env: {
      POD_NAME: "proxy-1",
      POD_NAMESPACE: "default",
      SERVICE_ACCOUNT: "proxy",
    },
  });
  const client = await lab.startHairpin(lab.node("node-2"));
  await client.untilPodUp(sleep);
  const tail = new AccessTail(server);
  const reply = await call(lab, sleep, `http://${NODE_1}:15020/metrics`);
  assert.match(reply.body, /^istio_build/m);
  const { fields } = await tail.until({ direction: "inbound" });
  assert.equal(fields["src.identity"], identityOf(sleep));
  assert.equal(
    fields["dst.identity"],
    "spiffe://cluster.local/ns/default/sa/proxy",
  );
  const { workloadState } = await server.configDump();
  assert.deepEqual(workloadState, {});
});
