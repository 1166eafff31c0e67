/** Pods that are captured in the node's namespace, from packet to policy. */
import assert from "node:assert/strict";
import {
  type AccessLine,
  greetingOf,
  type LabPod,
  startHttpServer,
} from "../lab/mod.ts";
import { AccessTail, hasFields, identityOf } from "./calls.ts";
import { nodeAddresses } from "../lab/addresses.ts";
import { denyFrom, STRICT } from "./node_redirect_support.ts";
import { callPeer, startPeerServer } from "./peers.ts";
import { HTTP_PORT, type Mesh, shareMesh } from "./support.ts";

const meshTest = shareMesh({ redirect: "node", workers: 2 });

/** The two ends of one tunnelled call, as both proxies tell of it. */
async function tunnelled(
  mesh: Mesh,
  from: LabPod,
  to: LabPod,
  url: string,
): Promise<readonly AccessLine[]> {
  const proxyOf = ({ node }: LabPod) =>
    node === "node-1" ? mesh.client : mesh.server;
  const tails = [from, to].map((pod) => new AccessTail(proxyOf(pod)));
  const reply = await mesh.get(from, url);
  assert.deepEqual([reply.status, reply.body], [200, `${greetingOf(to)}\n`]);
  const names = { "src.workload": from.name, "dst.workload": to.name };
  const identities = {
    "src.identity": identityOf(from),
    "dst.identity": identityOf(to),
  };
  return [
    await tails[0]!.until({ ...names, ...identities, direction: "outbound" }),
    await tails[1]!.until({ ...names, ...identities, direction: "inbound" }),
  ];
}

/**
 * Gives the way between the nodes less room than their links have: nobody but a
 * router tells of it, and only who sends too much.
 */
async function narrowPath(
  { lab }: Mesh,
  at: 0 | 1,
): Promise<AsyncDisposable> {
  const route = async (words: readonly string[]) => {
    for (const [near, far] of [["node-1", 2], ["node-2", 1]] as const) {
      const { podRange, underlay } = nodeAddresses(far);
      const { code, stderr } = await lab.exec(lab.node(near), [
        ...["ip", at === 0 ? "-4" : "-6", "route", "replace", podRange[at]],
        ...["via", underlay[at], ...words],
      ]);
      assert.equal(code, 0, stderr);
    }
  };
  await route(["mtu", "lock", "1300"]);
  return { [Symbol.asyncDispose]: () => route([]) };
}

/** Packets of IPv4 that came to node-1's bridge by another pod's port. */
async function refusedAtBridge({ lab }: Mesh): Promise<number> {
  const list = ["nft", "list", "table", "bridge", "hairpin-node"];
  const { stdout } = await lab.exec(lab.node("node-1"), list);
  const rule = /ip saddr @pinned4 .* counter packets (\d+) /.exec(stdout);
  return Number(rule?.[1]);
}

/** Without its port. */
const ipOf = (line: AccessLine | undefined): string =>
  (line?.fields["src.addr"] ?? "").replace(/:\d+$/, "")
    .replace(/^\[|\]$/g, "");

for (const family of [4, 6] as const) {
  meshTest(
    `a call over two nodes keeps both addresses and proves who calls, by IPv${family}`,
    async (mesh) => {
      const { sleep, httpbin, services } = mesh;
      const own = sleep.ips[family === 4 ? 0 : 1];
      for (const target of [httpbin, services.httpbin]) {
        const url = mesh.urlOf(target, "/", family);
        for (const line of await tunnelled(mesh, sleep, httpbin, url)) {
          assert.equal(ipOf(line), own);
          assert.match(line.fields["dst.addr"] ?? "", /:15008$/);
        }
      }
    },
  );

  meshTest(
    `pods of one node reach each other through the proxy, by IPv${family}`,
    async (mesh) => {
      const { echo, httpbin, services } = mesh;
      for (const target of [httpbin, services.httpbin]) {
        const url = mesh.urlOf(target, "/", family);
        await tunnelled(mesh, echo, httpbin, url);
      }
    },
  );

  meshTest(
    `plaintext from outside enters by the proxy while policy lets it, by IPv${family}`,
    async (mesh) => {
      const { httpbin, lab, server } = mesh;
      const url = mesh.urlOf(httpbin, "/", family);
      const tail = new AccessTail(server);
      const reply = await mesh.get(lab.outsider, url);
      assert.equal(reply.body, `${greetingOf(httpbin)}\n`);
      const line = await tail.until({
        direction: "inbound",
        "dst.workload": "httpbin",
        "src.identity": "",
      });
      assert.equal(ipOf(line), lab.outsider.ips[family === 4 ? 0 : 1]);
      await mesh.withPolicy("strict", STRICT, async () => {
        assert.equal((await mesh.get(lab.outsider, url)).status, 0);
        assert.equal((await mesh.get(mesh.sleep, url)).status, 200);
        // The node's own processes are let in, as a kubelet's probes have to.
        assert.equal((await mesh.get(lab.node("node-2"), url)).status, 200);
      });
    },
  );
}

for (const family of [4, 6] as const) {
  meshTest(
    `applications see who calls them, by IPv${family}`,
    async (mesh) => {
      const url = mesh.urlOf(mesh.httpbin, "/ip", family);
      for (const from of [mesh.sleep, mesh.echo, mesh.lab.outsider]) {
        const { body } = await mesh.get(from, url);
        assert.equal(body, `${from.ips[family === 4 ? 0 : 1]}\n`);
      }
    },
  );

  meshTest(
    `much data arrives whole over a path with less room, by IPv${family}`,
    async (mesh) => {
      const { lab, sleep, httpbin } = mesh;
      const bulk = `fill=${4 << 20}`;
      const at = family === 4 ? 0 : 1;
      const port = 9600 + at;
      await using _narrow = await narrowPath(mesh, at);
      await using listener = await startPeerServer(lab, httpbin, port, [
        ...["readall", bulk, "end"],
      ]);
      const to = { ip: httpbin.ips[at] ?? "", port };
      const here = await callPeer(lab, sleep, to, [bulk, "end", "readall"]);
      const there = await listener.report();
      assert.equal(there.receivedDigest, here.sentDigest);
      assert.equal(here.receivedDigest, there.sentDigest);
    },
  );
}

meshTest("a pod reaches itself by its service", async (mesh) => {
  const reply = await mesh.get(
    mesh.httpbin,
    mesh.urlOf(mesh.services.httpbin),
  );
  assert.equal(reply.body, `${greetingOf(mesh.httpbin)}\n`);
});

meshTest("policy sees who calls, from either node", async (mesh) => {
  const { sleep, notsleep, echo, httpbin } = mesh;
  const url = mesh.urlOf(httpbin);
  await mesh.withPolicy("deny", denyFrom(httpbin, [sleep, echo]), async () => {
    assert.equal((await mesh.get(sleep, url)).status, 0);
    assert.equal((await mesh.get(echo, url)).status, 0);
    assert.equal((await mesh.get(notsleep, url)).status, 200);
  });
  assert.equal((await mesh.get(sleep, url)).status, 200);
});

meshTest(
  "a pod reaches what is outside the mesh, and the node",
  async (mesh) => {
    const { lab, httpbin } = mesh;
    const [near, far] = [lab.node("node-2").ips[0], lab.node("node-1").ips[0]];
    for (const ip of [near, far]) {
      const reply = await mesh.get(httpbin, `http://${ip}:15020/metrics`);
      assert.equal(reply.status, 200);
    }
  },
);

meshTest("a pod that shows another's address is not heard", async (mesh) => {
  const { lab, sleep, notsleep, httpbin, client } = mesh;
  const tail = new AccessTail(client);
  const ip = sleep.ips[0] ?? "";
  const add = ["ip", "address", "add", `${ip}/32`, "dev", "eth0"];
  assert.equal(await refusedAtBridge(mesh), 0);
  assert.equal((await lab.exec(notsleep, add)).code, 0);
  try {
    const as = ["--interface", ip, "--max-time", "2"];
    const reply = await mesh.get(notsleep, mesh.urlOf(httpbin), as);
    assert.equal(reply.status, 0);
    assert.ok(await refusedAtBridge(mesh) > 0);
  } finally {
    const remove = ["ip", "address", "del", `${ip}/32`, "dev", "eth0"];
    await lab.exec(notsleep, remove);
    // Neighbours may have been told the wrong place of the address.
    await lab.exec(lab.node("node-1"), ["ip", "neigh", "flush", "dev", "pods"]);
  }
  // What follows is heard, so what was before would have been told by now.
  assert.equal((await mesh.get(sleep, mesh.urlOf(httpbin))).status, 200);
  await tail.until({ direction: "outbound", "src.workload": "sleep" });
  const heard = tail.lines.filter((line) =>
    hasFields(line, { direction: "outbound", "src.workload": "sleep" })
  );
  assert.equal(heard.length, 1);
});

meshTest("a pod comes and goes while the proxy runs", async (mesh) => {
  const { lab, sleep, server } = mesh;
  const late = await lab.addPod({ name: "late", node: "node-2" });
  await startHttpServer(lab, late, HTTP_PORT);
  await server.untilPodUp(late);
  await tunnelled(mesh, sleep, late, mesh.urlOf(late));

  const labels = { ...late.labels, "istio.io/dataplane-mode": "none" };
  await lab.applyPod({ ...late, labels });
  const isGone = (uid: string) =>
    mesh.server.untilDump(
      "the pod gone",
      ({ workloadState }) => workloadState[uid] === undefined,
    );
  await isGone(late.uid);
  const tail = new AccessTail(server);
  const reply = await mesh.get(lab.outsider, mesh.urlOf(late));
  assert.equal(reply.body, `${greetingOf(late)}\n`);
  assert.deepEqual(tail.lines, []);
  await lab.removePod(late);
});
