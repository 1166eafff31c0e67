/** The end of a proxy: asked for, too late, sudden, and under another's cover. */
import assert from "node:assert/strict";
import {
  type HairpinOptions,
  HairpinProcess,
  type LabNode,
  type LabPod,
} from "../lab/mod.ts";
import { AccessTail, call } from "./calls.ts";
import { type RunningPeer, startPeer, startPeerServer } from "./peers.ts";
import { SteadyTraffic } from "./steady.ts";
import {
  ECHO_PORT,
  eventually,
  labTest,
  type Mesh,
  withMesh,
} from "./support.ts";

const HELD_PORT = 9500;
const DRAINING = /shutting down, draining/;
const REFUSED = "io error: Connection refused (os error 111)";

labTest("SIGTERM closes listeners and lets what runs end", async () => {
  const env = { CONNECTION_TERMINATION_DEADLINE: "60s" };
  await withMesh({ env, workers: 2 }, async (mesh) => {
    const { lab, client, server, echo, sleep } = mesh;
    const held = await holdConnection(mesh, echo);
    server.process.signal("SIGTERM");
    await server.process.untilLog(DRAINING);
    const readiness = await call(
      lab,
      lab.node("node-2"),
      "http://127.0.0.1:15021/healthz/ready",
    );
    assert.equal(readiness.status, 503);
    assert.match(readiness.body, /draining/);
    await untilNoListener(lab, echo);
    // The tunnel in use was told to take nothing new: another one is dialled.
    const tail = new AccessTail(client);
    const late = await call(lab, sleep, `http://${echo.ips[0]}:${ECHO_PORT}/`);
    assert.equal(late.status, 0);
    await tail.until({ direction: "outbound", error: REFUSED });
    await held.finish();
    assert.equal((await held.client.report()).text, "okend");
    const { code } = await server.process.ended;
    assert.equal(code, 0);
    assert.match(server.process.log(), /shutdown complete/);
    // What is left of the mesh is closed, not open.
    const outside = await call(lab, lab.outsider, mesh.urlOf(mesh.httpbin));
    assert.equal(outside.curlCode, 7);
  });
});

labTest(
  "a drain that takes too long cuts what is left, and says so",
  async () => {
    const env = { CONNECTION_TERMINATION_DEADLINE: "1s" };
    await withMesh({ env }, async (mesh) => {
      const { client, server, echo } = mesh;
      const held = await holdConnection(mesh, echo);
      const tail = new AccessTail(client);
      client.process.signal("SIGTERM");
      assert.equal((await client.process.ended).code, 0);
      await held.finish();
      assert.equal((await held.client.report()).end, "reset");
      const { fields } = await tail.until({ direction: "outbound" });
      assert.equal(
        fields["error"],
        "connection closed due to connection drain",
      );
      const warning = /drain duration expired with pending connections/;
      assert.match(client.process.log(), warning);
      await server.untilAccess(
        "the other end",
        ({ fields }) => fields["direction"] === "inbound",
      );
    });
  },
);

labTest(
  "a proxy is replaced by another under traffic without a failure",
  async () => {
    await withMesh({ workers: 2 }, async (mesh) => {
      const { lab, sleep, echo } = mesh;
      const to = { ip: echo.ips[0]!, port: ECHO_PORT };
      const steady = await SteadyTraffic.start(lab, sleep, to);
      for (
        const [node, old] of [["node-2", mesh.server], [
          "node-1",
          mesh.client,
        ]] as const
      ) {
        const next = await startSecond(mesh, lab.node(node));
        old.process.signal("SIGTERM");
        assert.equal((await old.process.ended).code, 0);
        assert.ok(next.process.running);
      }
      await steady.stopWithoutFailure();
    });
  },
);

labTest(
  "after SIGKILL pods are closed, and served again by the next one with the rules they have",
  async () => {
    await withMesh({}, async (mesh) => {
      const { lab, server, httpbin, sleep } = mesh;
      server.process.signal("SIGKILL");
      await server.process.ended;
      for (const from of [sleep, lab.outsider]) {
        const reply = await call(lab, from, mesh.urlOf(httpbin));
        assert.equal(reply.status, 0);
      }
      const from = server.process.log().length;
      const next = await lab.startHairpin(lab.node("node-2"));
      await next.untilPodUp(httpbin);
      const adopted = /pod redirected.*name="httpbin".*rules="adopted"/;
      await next.process.untilLog(adopted, { from });
      const again = await mesh.get(sleep, mesh.urlOf(httpbin));
      assert.equal(again.status, 200);
    });
  },
);

labTest("a drain waits for who is in the middle of a handshake", async () => {
  const env = { CONNECTION_TERMINATION_DEADLINE: "60s" };
  await withMesh({ env }, async ({ lab, server, echo }) => {
    const go = `${lab.folder}/go-handshake`;
    const target = { ip: echo.ips[0]!, port: 15_008 };
    const steps = ["send=\x16", "say=open", `until=${go}`, "reset"];
    const peer = startPeer(lab, lab.outsider, target, steps);
    await peer.untilSaid("open");
    await untilAccepted(lab, echo);
    server.process.signal("SIGTERM");
    await server.process.untilLog(DRAINING);
    await untilNoListener(lab, echo);
    assert.doesNotMatch(server.process.log(), /shutdown complete/);
    await Deno.writeTextFile(go, "");
    assert.equal((await server.process.ended).code, 0);
    assert.doesNotMatch(server.process.log(), /drain duration expired/);
  });
});

labTest("POST /quitquitquit drains, GET does not", async () => {
  await withMesh({}, async (mesh) => {
    const { lab, client, sleep, httpbin } = mesh;
    const url = "http://127.0.0.1:15000/quitquitquit";
    const read = await call(lab, lab.node("node-1"), url);
    assert.equal(read.status, 405);
    assert.equal((await mesh.get(sleep, mesh.urlOf(httpbin))).status, 200);
    assert.equal(await client.admin("/quitquitquit", "POST"), "shutdown now\n");
    await client.process.untilLog(DRAINING);
    assert.equal((await client.process.ended).code, 0);
  });
});

interface Held {
  readonly client: RunningPeer;
  /** Has the application go on. */
  finish(): Promise<void>;
}

/** Nobody waits in a listener's queue, who would be reset when it closes. */
async function untilAccepted(lab: Mesh["lab"], pod: LabPod): Promise<void> {
  const listeners = ["ss", "-Hltn", "sport = :15008"];
  await eventually(
    "no connection left to accept",
    async () => /^LISTEN +0 /.test((await lab.exec(pod, listeners)).stdout),
  );
}

/** Names are answered until the end; they are not among these. */
async function untilNoListener(lab: Mesh["lab"], pod: LabPod): Promise<void> {
  const listeners = ["ss", "-Hltn", "sport >= :15000 and sport <= :15050"];
  await eventually(
    "no listener left",
    async () => (await lab.exec(pod, listeners)).stdout === "",
  );
}

async function holdConnection(
  { lab, sleep }: Mesh,
  pod: LabPod,
): Promise<Held> {
  const go = `${lab.folder}/go`;
  await startPeerServer(lab, pod, HELD_PORT, [
    ...["read=2", "send=ok", "read=2", "send=end", "end", "readall"],
  ]);
  const to = { ip: pod.ips[0] ?? "", port: HELD_PORT };
  const client = startPeer(lab, sleep, to, [
    ...["send=hi", "read=2", "say=open", `until=${go}`, "send=go", "readall"],
    "end",
  ]);
  await client.untilSaid("open");
  return { client, finish: () => Deno.writeTextFile(go, "") };
}

/** Another hairpin at the same node, for the same pods. */
async function startSecond(
  { lab }: Mesh,
  node: LabNode,
): Promise<HairpinProcess> {
  const options: HairpinOptions = {
    workers: 2,
    name: `hairpin-${node.name}-second`,
    notReady: true,
    flags: [
      ...["--admin", "127.0.0.1:15100", "--stats", "[::]:15120"],
      ...["--readiness", "[::]:15121"],
    ],
  };
  const second = await lab.startHairpin(node, options);
  await second.process.untilLog(/marking server ready/, { timeoutMs: 60_000 });
  return second;
}
