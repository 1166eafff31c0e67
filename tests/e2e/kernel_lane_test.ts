/** What needs no TLS, with the kernel relaying all of it from the first octets on. */
import assert from "node:assert/strict";
import { startEchoServer } from "../lab/mod.ts";
import { Growth } from "./calls.ts";
import { callPeer, startPeer, startPeerServer } from "./peers.ts";
import { testStreams, type Way, WAYS } from "./stream_ways.ts";
import { eventually, labTest, shareMesh, withMesh } from "./support.ts";

const KERNEL = { flags: ["--kernel-lane", "on"] };

const meshTest = shareMesh(KERNEL);
const [, ...ways] = WAYS;

testStreams(meshTest, ways);

const GIB = 1 << 30;
const BULK: readonly [way: string, octets: number][] = [
  ["the local lane", GIB],
  ["passthrough", GIB / 4],
  ["plaintext", GIB / 4],
];
const PAIRS = 2_000;
const HOLD_PROGRAM =
  new URL("../bench/programs/hold.ts", import.meta.url).pathname;

for (const [at, [name, octets]] of BULK.entries()) {
  meshTest(
    `${name}: ${octets >> 20} MiB each way arrive whole`,
    async (mesh) => {
      const { client, server, ip } = await wayNamed(name).parties(mesh);
      const port = 9600 + at;
      const bulk = `fill=${octets}`;
      await using listener = await startPeerServer(mesh.lab, server, port, [
        ...["readall", bulk, "end"],
      ]);
      const here = await callPeer(mesh.lab, client, { ip, port }, [
        ...[bulk, "end", "readall"],
      ]);
      const there = await listener.report();
      assert.equal(there.received, octets);
      assert.equal(there.receivedDigest, here.sentDigest);
      assert.equal(here.received, octets);
      assert.equal(here.receivedDigest, there.sentDigest);
    },
  );
}

const wayNamed = (name: string): Way => WAYS.find((way) => way.name === name)!;

meshTest(
  "the dump and the metrics say that the kernel relays",
  async (mesh) => {
    const { lab, client, sleep, notsleep } = mesh;
    const port = 9610;
    const go = `${lab.folder}/go-kernel`;
    const growth = await Growth.watch(client);
    await using _server = await startPeerServer(lab, notsleep, port, [
      ...["read=2", "send=ok", "readall"],
    ]);
    const to = { ip: notsleep.ips[0]!, port };
    const held = startPeer(lab, sleep, to, [
      ...["send=hi", "read=2", "say=open", `until=${go}`, "end", "readall"],
    ]);
    await held.untilSaid("open");
    await eventually("the kernel relays", async () => {
      const { workloadState } = await client.configDump();
      const rows = [
        ...workloadState[sleep.uid]?.connections?.outbound ?? [],
        ...workloadState[notsleep.uid]?.connections?.inbound ?? [],
      ];
      return rows.length === 2 &&
        rows.every(({ lane, relay }) => lane === "local" && relay === "kernel");
    });
    await growth.until("hairpin_connections_kernel_relay_total", {
      lane: "local",
    }, 2);
    // Octets that only the kernel has seen.
    await growth.until("istio_tcp_sent_bytes_total", { reporter: "source" }, 2);
    await Deno.writeTextFile(go, "");
    assert.equal((await held.report()).end, "end");
  },
);

meshTest(
  `${PAIRS} connections at once are the kernel's, and all end`,
  async (mesh) => {
    const { lab, client, sleep, notsleep } = mesh;
    const port = 9620;
    await using _echo = await startEchoServer(lab, notsleep, port);
    const rows = async () => {
      const { workloadState } = await client.configDump();
      return workloadState[sleep.uid]?.connections?.outbound ?? [];
    };
    const hold = lab.start(sleep, "hold-kernel", [
      ...[Deno.execPath(), "run", "--no-config", "-N", HOLD_PROGRAM],
      ...[notsleep.ips[0]!, `${port}`, `${PAIRS}`],
    ]);
    await hold.untilLog(new RegExp(`held ${PAIRS}`), { timeoutMs: 60_000 });
    await eventually("the kernel relays all", async () => {
      const kernel = (await rows()).filter(({ relay }) => relay === "kernel");
      return kernel.length === PAIRS;
    });
    await hold.stop();
    await eventually("none is left", async () => (await rows()).length === 0);
  },
);

labTest("without it nothing is relayed by the kernel", async () => {
  await withMesh({ flags: ["--kernel-lane", "off"] }, async (mesh) => {
    const reply = await mesh.get(mesh.sleep, mesh.urlOf(mesh.httpbin));
    assert.equal(reply.status, 200);
    const samples = await mesh.client.metrics();
    const names = new Set(samples.map(({ name }) => name));
    assert.ok(!names.has("hairpin_connections_kernel_relay_total"));
    assert.match(mesh.client.process.log(), /relayed in user space/);
  });
});
