/** hairpin and somebody at the agent's socket who does not speak ZDS. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { closeFd } from "../../src/sys/libc.ts";
import { openNetns } from "../../src/sys/netns.ts";
import { inNamespace, Lab, type LabPod, must } from "../lab/mod.ts";
import { ZdsServer } from "../support/zds_server.ts";
import { descriptorsOf } from "./descriptors.ts";
import { eventually, labTest } from "./support.ts";

const ROUNDS = 40;

/** No message of protobuf begins with a field of this wire type. */
const NO_FIELD = 0x07;

const garbage = fc.record({
  octets: fc.uint8Array({ maxLength: 2_000 }),
  fds: fc.nat({ max: 10 }),
});

labTest(
  "garbage from the agent's socket costs a connection, and pods nothing",
  async () => {
    await using lab = await Lab.create({ nodes: 1 });
    const node = lab.node("node-1");
    const pod = await lab.addPod({ name: "httpbin", node: "node-1" });
    using server = new ZdsServer(`${lab.folder}/zds`);
    const env = { INPOD_UDS: server.path };
    const options = { redirect: "agent", notReady: true, env } as const;
    const hairpin = await lab.startHairpin(node, options);
    await serveFirst(server, pod);
    await hairpin.untilPodUp(pod);

    await throwGarbage(server, pod, 5);
    const before = await withAgent(server, pod, async () => {
      await hairpin.untilPodUp(pod);
      return descriptorsOf(hairpin);
    });
    await throwGarbage(server, pod, ROUNDS);
    await withAgent(server, pod, () =>
      eventually(
        `${before} descriptors again`,
        () => Promise.resolve(descriptorsOf(hairpin) <= before),
      ));
    await hairpin.untilPodUp(pod);
    const listening = inNamespace(pod.netns, ["ss", "-Hltn"]);
    assert.match(await must(listening), /:15008\s/);
  },
);

async function serveFirst(server: ZdsServer, pod: LabPod): Promise<void> {
  using agent = await server.accept();
  const path = `/var/run/netns/${pod.netns}`;
  assert.equal(await agent.add(pod.uid, pod, path), "");
  assert.equal(await agent.snapshotSent(), "");
}

/** Each packet on a connection of its own, behind requests in good order. */
async function throwGarbage(server: ZdsServer, pod: LabPod, rounds: number) {
  const thing = openNetns("/proc/self/ns/net");
  try {
    for (const { octets, fds } of fc.sample(garbage, rounds)) {
      using agent = await server.accept();
      assert.equal(await agent.keep(pod.uid), "");
      assert.equal(await agent.snapshotSent(), "");
      const packet = Uint8Array.of(NO_FIELD, ...octets);
      await agent.send(packet, Array.from({ length: fds }, () => thing));
      assert.match(await agent.ack(), /^failure to read message : /);
      await agent.ended();
    }
  } finally {
    closeFd(thing);
  }
}

/** While an agent that speaks well is connected, so that descriptors compare. */
async function withAgent<T>(
  server: ZdsServer,
  pod: LabPod,
  act: () => Promise<T>,
): Promise<T> {
  using agent = await server.accept();
  assert.equal(await agent.keep(pod.uid), "");
  assert.equal(await agent.snapshotSent(), "");
  return await act();
}
