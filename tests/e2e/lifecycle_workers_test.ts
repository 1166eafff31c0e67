/** Data workers that fail: the others go on, and a new one takes their place. */
import assert from "node:assert/strict";
import {
  type HairpinProcess,
  type LabPod,
  startEchoServer,
  sumSamples,
} from "../lab/mod.ts";
import { GATHERED_MAX } from "../../src/worker/limits.ts";
import { Growth } from "./calls.ts";
import { startPeer, startPeerServer } from "./peers.ts";
import { labTest, type Mesh, withMesh } from "./support.ts";

const PROGRAM = new URL("./programs/failing_node.ts", import.meta.url).pathname;
const HELD_PORT = 9700;
/** Both workers get some of them, but once in 2 to the 15. */
const HELD = 16;
const CALLS = 20;
/** A worker without a sign of life is given up after 15 s. */
const REPLACED_WAIT_MS = 40_000;
const LOST_WORKER = "worker-0";

labTest(
  "a worker that is gone and one that hangs are replaced, while the others serve on",
  async () => {
    await withFailingMesh(async (mesh, order) => {
      // Either node carries its own pods' calls in its local lane.
      await Promise.all([
        failOn(mesh.client, [mesh.sleep, mesh.notsleep], "close"),
        failOn(mesh.server, [mesh.httpbin, mesh.echo], "hang"),
      ]);

      async function failOn(
        proxy: HairpinProcess,
        [from, to]: readonly [LabPod, LabPod],
        how: string,
      ): Promise<void> {
        const held = await holdMany(mesh, from, to);
        const [lost, kept] = await countsOf(proxy);
        assert.ok(lost > 0 && kept > 0, `${lost} and ${kept} connections`);
        assert.equal(lost + kept, HELD);
        await order(proxy, how);
        const timeoutMs = REPLACED_WAIT_MS;
        await proxy.process.untilLog(/data worker died/, { timeoutMs });
        await proxy.process.untilLog(/'data workers' is pending again/);
        await proxy.untilReady();
        // What the lost worker carried has ended too, just not in order.
        const texts = await held.finish();
        assert.equal(texts.filter((text) => text === "okend").length, kept);
        await callAll(mesh, from, to);
      }
    });
  },
);

labTest(
  "what nothing caught in a worker is said, and the worker serves on",
  async () => {
    await withFailingMesh(async (mesh, order) => {
      const { client, sleep, httpbin } = mesh;
      const growth = await Growth.watch(client);
      await order(client, "throw");
      const said = /uncaught exception.*on the test's order/;
      await client.process.untilLog(said);
      for (let at = 0; at < CALLS; at++) {
        const reply = await mesh.get(sleep, mesh.urlOf(httpbin));
        assert.equal(reply.status, 200);
      }
      assert.ok(await client.isReady());
      await growth.until("istio_tcp_connections_closed_total", {
        reporter: "source",
      }, CALLS);
      assert.doesNotMatch(client.process.log(), /data worker died/);
    });
  },
);

labTest(
  "connections that last are not all left to the worker that gathered the first",
  async () => {
    await withMesh({ workers: 2 }, async (mesh) => {
      const { client, sleep, notsleep } = mesh;
      const held: HeldMany[] = [];
      // Some come at once, before anybody knows that the worker has its share.
      for (let all = 0; all < GATHERED_MAX + 3 * HELD; all += HELD) {
        const port = HELD_PORT + 2 + held.length;
        held.push(await holdMany(mesh, sleep, notsleep, port));
      }
      const [one, other] = await countsOf(client);
      assert.ok(one > 0 && other > 0, `${one} and ${other} connections`);
      for (const { finish } of held) {
        assert.deepEqual(new Set(await finish()), new Set(["okend"]));
      }
    });
  },
);

type Order = (proxy: HairpinProcess, how: string) => Promise<void>;

/** A mesh whose proxies' first worker obeys orders to fail. */
async function withFailingMesh(
  body: (mesh: Mesh, order: Order) => Promise<void>,
): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "hairpin-workers-" });
  const env = { HAIRPIN_TEST_TRIGGERS: root };
  const program = [Deno.execPath(), "run", "-A", PROGRAM];
  try {
    await withMesh({ workers: 2, program, env }, async (mesh) => {
      await body(mesh, async (proxy, how) => {
        await Deno.writeTextFile(`${root}/draft-${how}`, how);
        const node = proxy === mesh.client ? "node-1" : "node-2";
        await Deno.rename(
          `${root}/draft-${how}`,
          `${root}/${node}-${LOST_WORKER}`,
        );
      });
    });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

interface HeldMany {
  /** Has the applications go on; what the clients had read in the end. */
  finish(): Promise<string[]>;
}

async function holdMany(
  { lab }: Mesh,
  from: LabPod,
  to: LabPod,
  port = HELD_PORT,
): Promise<HeldMany> {
  const go = `${lab.folder}/go-${to.name}-${port}`;
  await startPeerServer(lab, to, port, [
    ...["read=2", "send=ok", "read=2", "send=end", "end", "readall"],
  ]);
  const target = { ip: to.ips[0] ?? "", port };
  const clients = startPeer(lab, from, target, [
    ...[`times=${HELD}`, "send=hi", "read=2", "say=open", `until=${go}`],
    ...["send=go", "readall", "end"],
  ]);
  await clients.process.untilLog(new RegExp(`(?:open\\n){${HELD}}`));
  return {
    async finish() {
      await Deno.writeTextFile(go, "");
      await clients.report(HELD - 1);
      return clients.reports.map(({ text }) => text);
    },
  };
}

/** How many connections the worker that will be lost has, and how many the other. */
async function countsOf(proxy: HairpinProcess): Promise<[number, number]> {
  const samples = await proxy.metrics();
  const name = "hairpin_worker_connections";
  const all = sumSamples(samples, name);
  const lost = sumSamples(samples, name, { worker: LOST_WORKER });
  // In the lane each is two of its worker's: one going out, one coming in.
  return [lost / 2, (all - lost) / 2];
}

/** New connections, enough for every worker to get some. */
async function callAll({ lab }: Mesh, from: LabPod, to: LabPod) {
  const port = HELD_PORT + 1;
  await using _server = await startEchoServer(lab, to, port);
  const target = { ip: to.ips[0] ?? "", port };
  const steps = [`times=${CALLS}`, "send=hi", "end", "readall"];
  const clients = startPeer(lab, from, target, steps);
  await clients.report(CALLS - 1);
  const texts = new Set(clients.reports.map(({ text }) => text));
  assert.deepEqual(texts, new Set(["hi"]));
}
