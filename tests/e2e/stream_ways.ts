/** Ends of connections, one half at a time or all at once, over every lane. */
import assert from "node:assert/strict";
import type { LabPod, Place } from "../lab/mod.ts";
import { callPeer, startPeerServer } from "./peers.ts";
import type { Mesh, MeshTest } from "./support.ts";

/** A way through the proxies: who calls whom. */
export interface Way {
  readonly name: string;
  parties(mesh: Mesh): Promise<{ client: Place; server: Place; ip: string }>;
}

const between = (client: Place, server: Place & { ips: readonly string[] }) =>
  Promise.resolve({ client, server, ip: server.ips[0] ?? "" });

/** All of them; only the first is a tunnel. */
export const WAYS: readonly Way[] = [
  {
    name: "the tunnel",
    parties: ({ sleep, echo }) => between(sleep, echo),
  },
  {
    name: "the local lane",
    parties: ({ sleep, notsleep }) => between(sleep, notsleep),
  },
  {
    name: "passthrough",
    parties: ({ lab, sleep }) => between(sleep, lab.outsider),
  },
  {
    name: "plaintext",
    parties: ({ lab, echo }) => between(lab.outsider, echo),
  },
  {
    name: "a call to a pod outside the mesh",
    parties: async (mesh) => between(mesh.sleep, await plainOf(mesh)),
  },
];

const BULK = 1 << 20;

/** Registers the tests of each way. */
export function testStreams(meshTest: MeshTest, ways: readonly Way[]): void {
  for (const [at, way] of ways.entries()) {
    const portOf = (test: number) => 9200 + at * 10 + test;

    meshTest(
      `${way.name}: a client that ended its half is still sent to`,
      async (mesh) => {
        const port = portOf(0);
        const { client, server } = await exchange(mesh, way, port, {
          client: ["send=ask", "end", "readall"],
          server: ["readall", `fill=${BULK}`, "end"],
        });
        assert.equal(server.text, "ask");
        assert.equal(server.end, "end");
        assert.equal(client.received, BULK);
        assert.equal(client.end, "end");
        assert.equal(client.receivedDigest, server.sentDigest);
      },
    );

    meshTest(
      `${way.name}: a server that ended its half still receives`,
      async (mesh) => {
        const { client, server } = await exchange(mesh, way, portOf(1), {
          client: ["readall", `fill=${BULK}`, "end"],
          server: ["send=bye", "end", "readall"],
        });
        assert.equal(client.text, "bye");
        assert.equal(client.end, "end");
        assert.equal(server.received, BULK);
        assert.equal(server.end, "end");
        assert.equal(server.receivedDigest, client.sentDigest);
      },
    );

    meshTest(`${way.name}: a server may speak first`, async (mesh) => {
      const { client, server } = await exchange(mesh, way, portOf(2), {
        client: ["read=7", "send=hello", "read=4", "end", "readall"],
        server: ["send=welcome", "read=5", "send=done", "end", "readall"],
      });
      assert.equal(client.text, "welcomedone");
      assert.equal(server.text, "hello");
    });

    meshTest(
      `${way.name}: a server's reset reaches the client as one`,
      async (mesh) => {
        const { client } = await exchange(mesh, way, portOf(3), {
          client: ["send=hi", "readall"],
          server: ["read=2", "reset"],
        });
        assert.equal(client.end, "reset");
        assert.equal(client.error, "ECONNRESET");
      },
    );

    meshTest(
      `${way.name}: a client's reset reaches the server as one`,
      async (mesh) => {
        const { server } = await exchange(mesh, way, portOf(4), {
          client: ["send=hi", "read=2", "reset"],
          server: ["read=2", "send=ok", "readall"],
        });
        assert.equal(server.end, "reset");
        assert.equal(server.error, "ECONNRESET");
      },
    );
  }
}

/** Runs both scripts against each other over that way. */
async function exchange(
  mesh: Mesh,
  way: Way,
  port: number,
  steps: { readonly client: string[]; readonly server: string[] },
) {
  const { lab } = mesh;
  const { client, server, ip } = await way.parties(mesh);
  await using listener = await startPeerServer(lab, server, port, steps.server);
  const to = { ip, port };
  const called = await callPeer(lab, client, to, steps.client);
  return { client: called, server: await listener.report() };
}

async function plainOf(mesh: Mesh): Promise<LabPod> {
  const name = "plain";
  const known = mesh.lab.pods.find((pod) => pod.name === name);
  if (known !== undefined) return known;
  const labels = { app: name, "istio.io/dataplane-mode": "none" };
  const plain = await mesh.lab.addPod({ name, node: "node-2", labels });
  await mesh.client.untilDump(
    "the pod known",
    (dump) => dump.workloads.some((workload) => workload.name === name),
  );
  return plain;
}
