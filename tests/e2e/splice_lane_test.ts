/**
 * Bulk transfers that need no TLS, which are spliced by default.
 *
 * HAIRPIN_TEST_BULK_MIB is how much each way of the first tests is given, 64 by
 * default: 10240 is a long test of the lane, some minutes for each way.
 */
import assert from "node:assert/strict";
import { authorizationPolicy, underPolicies } from "./policy_support.ts";
import { Growth } from "./calls.ts";
import { callPeer, startPeer, startPeerServer } from "./peers.ts";
import { type Way, WAYS } from "./stream_ways.ts";
import { eventually, type Mesh, shareMesh } from "./support.ts";

const meshTest = shareMesh();

const MIB = 1 << 20;
const BULK = Number(Deno.env.get("HAIRPIN_TEST_BULK_MIB") ?? 64) * MIB;
/** For machines that digest 10 MiB a second. */
const PATIENCE_MS = 60_000 + BULK / MIB * 200;
/** More than what goes by user space first. */
const ENOUGH = 32 * MIB;
const SPLICED = "hairpin_connections_kernel_relay_total";

const TRANSFERS: readonly [way: string, lane: string, connections: number][] = [
  ["the local lane", "local", 2],
  ["passthrough", "passthrough", 1],
  ["plaintext", "plaintext", 1],
];

for (const [at, [name, lane, connections]] of TRANSFERS.entries()) {
  meshTest(
    `${name}: ${BULK / MIB} MiB each way are spliced, and arrive whole`,
    async (mesh) => {
      const { client, server, ip } = await wayNamed(name).parties(mesh);
      const proxy = lane === "plaintext" ? mesh.server : mesh.client;
      const reporter = lane === "plaintext" ? "destination" : "source";
      const growth = await Growth.watch(proxy);
      const port = 9700 + at;
      await using listener = await startPeerServer(mesh.lab, server, port, [
        ...["readall", `fill=${BULK}`, "end"],
      ]);
      const here = await callPeer(
        mesh.lab,
        client,
        { ip, port },
        [`fill=${BULK}`, "end", "readall"],
        PATIENCE_MS,
      );
      const there = await listener.report();
      assert.deepEqual([there.received, here.received], [BULK, BULK]);
      assert.equal(there.receivedDigest, here.sentDigest);
      assert.equal(here.receivedDigest, there.sentDigest);
      await growth.until(SPLICED, { lane, relay: "splice" }, connections);
      for (const what of ["sent", "received"]) {
        await growth.until(`istio_tcp_${what}_bytes_total`, { reporter }, BULK);
      }
    },
  );
}

const wayNamed = (name: string): Way => WAYS.find((way) => way.name === name)!;

/** A connection of the local lane that has been spliced, and stays open. */
async function holdSpliced(mesh: Mesh, port: number, go: string) {
  const { lab, sleep, notsleep } = mesh;
  const bulk = `${ENOUGH}`;
  const server = await startPeerServer(lab, notsleep, port, [
    ...[`read=${bulk}`, `fill=${bulk}`, "readall"],
  ]);
  const to = { ip: notsleep.ips[0]!, port };
  const held = startPeer(lab, sleep, to, [
    ...[`fill=${bulk}`, `read=${bulk}`, "say=open"],
    ...[`until=${go}`, "send=bye", "end", "readall"],
  ]);
  await held.untilSaid("open");
  await eventually("it is spliced", async () => {
    const { workloadState } = await mesh.client.configDump();
    const rows = [
      ...workloadState[sleep.uid]?.connections?.outbound ?? [],
      ...workloadState[notsleep.uid]?.connections?.inbound ?? [],
    ];
    return rows.length === 2 &&
      rows.every(({ lane, relay }) => lane === "local" && relay === "splice");
  });
  return { server, held };
}

meshTest("the dump says what is spliced, and it goes on", async (mesh) => {
  const go = `${mesh.lab.folder}/go-spliced`;
  const { server, held } = await holdSpliced(mesh, 9710, go);
  await using _server = server;
  await Deno.writeTextFile(go, "");
  assert.equal((await held.report()).end, "end");
  assert.equal((await server.report()).received, ENOUGH + 3);
});

meshTest("a policy that denies it ends what is spliced", async (mesh) => {
  const go = `${mesh.lab.folder}/never-${crypto.randomUUID()}`;
  const { server, held } = await holdSpliced(mesh, 9711, go);
  await using _server = server;
  const from = [{
    source: { principals: ["cluster.local/ns/default/sa/sleep"] },
  }];
  const policy = authorizationPolicy("cut-spliced", {
    action: "DENY",
    rules: [{ from }],
  });
  await underPolicies(mesh, [policy], async () => {
    const { end } = await server.report();
    assert.equal(end, "reset");
  });
  await Deno.writeTextFile(go, "");
  assert.equal((await held.report()).end, "reset");
});
