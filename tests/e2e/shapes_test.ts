/** Process shapes other than the usual one: dedicated to a pod, DNS alone, TLS 1.2 too. */
import assert from "node:assert/strict";
import { greetingOf, Lab, type LabPod, startHttpServer } from "../lab/mod.ts";
import { runRedirect } from "../../src/redirect/mod.ts";
import { netnsPath } from "../lab/command.ts";
import { AccessTail, call, identityOf } from "./calls.ts";
import { HTTP_PORT, labTest, withMesh } from "./support.ts";

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
