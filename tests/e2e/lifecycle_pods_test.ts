/** Pods that come, go and change under a proxy that runs. */
import assert from "node:assert/strict";
import {
  greetingOf,
  inNamespace,
  type LabPod,
  must,
  run,
  startHttpServer,
} from "../lab/mod.ts";
import { addPod, removePodPort } from "../lab/network.ts";
import { call } from "./calls.ts";
import { type RunningPeer, startPeer, startPeerServer } from "./peers.ts";
import { eventually, HTTP_PORT, type Mesh, shareMesh } from "./support.ts";

const meshTest = shareMesh({ workers: 2 });

const HELD_PORT = 9400;
const REPOSITORY = new URL("../..", import.meta.url).pathname;
const HAIRPIN = [Deno.execPath(), "run", "-P", "main.ts"];
const FOREIGN_RULE = ["-p", "tcp", "--dport", "4444", "-j", "ACCEPT"];

meshTest("a pod that is added is served without a restart", async (mesh) => {
  const { lab, server } = mesh;
  const late = await lab.addPod({ name: "late", node: "node-2" });
  await startHttpServer(lab, late, HTTP_PORT);
  await server.untilPodUp(late);
  const reply = await mesh.get(mesh.sleep, mesh.urlOf(late));
  assert.equal(reply.body, `${greetingOf(late)}\n`);
  await untilVerified(mesh, late, 0);
});

meshTest(
  "a pod that leaves the mesh loses its connections at once, and its rules, and nothing else",
  async (mesh) => {
    const { lab, server } = mesh;
    const leaving = await lab.addPod({ name: "leaving", node: "node-2" });
    await startHttpServer(lab, leaving, HTTP_PORT);
    await server.untilPodUp(leaving);
    await inPod(leaving, ["iptables", "-w", "-A", "INPUT", ...FOREIGN_RULE]);
    const go = `${lab.folder}/go-kept`;
    await using lost = await holdConnection(mesh, leaving, ["readall"]);
    await using kept = await holdConnection(mesh, mesh.echo, [
      ...[`until=${go}`, "send=go", "read=3", "end", "readall"],
    ]);

    const label = { "istio.io/dataplane-mode": "none" };
    const labels = { ...leaving.labels, ...label };
    await lab.applyPod({ ...leaving, labels });

    assert.notEqual((await lost.client.report()).end, "open");
    await untilVerified(mesh, leaving, 1);
    const rules = await inPod(leaving, ["iptables-save"]);
    assert.doesNotMatch(rules, /ISTIO_/);
    await inPod(leaving, ["iptables", "-w", "-C", "INPUT", ...FOREIGN_RULE]);
    const direct = await call(lab, lab.outsider, mesh.urlOf(leaving));
    assert.equal(direct.body, `${greetingOf(leaving)}\n`);
    await Deno.writeTextFile(go, "");
    assert.equal((await kept.client.report()).text, "okend");
  },
);

meshTest(
  "a pod whose namespace is gone is let go of, and others are served on",
  async (mesh) => {
    const { lab, server } = mesh;
    const doomed = await lab.addPod({ name: "doomed", node: "node-2" });
    await server.untilPodUp(doomed);
    const { ino } = await Deno.stat(`/var/run/netns/${doomed.netns}`);
    await lab.removePod(doomed);
    await server.untilDump(
      "the pod gone",
      (dump) => dump.workloadState[doomed.uid] === undefined,
    );
    const reply = await mesh.get(mesh.sleep, mesh.urlOf(mesh.httpbin));
    assert.equal(reply.status, 200);
    // A descriptor that is held would keep the namespace alive.
    const descriptors = `/proc/${server.process.pid}/fd`;
    await eventually("no descriptor of the namespace held", async () => {
      const { stdout } = await run([
        "find",
        "-L",
        descriptors,
        "-inum",
        `${ino}`,
      ]);
      return stdout === "";
    });
  },
);

meshTest(
  "a pod that comes back in another namespace under the same name is served there",
  async (mesh) => {
    const { lab, server } = mesh;
    const pod = await lab.addPod({ name: "twice", node: "node-2" });
    await startHttpServer(lab, pod, HTTP_PORT);
    await server.untilPodUp(pod);
    const first = await mesh.get(mesh.sleep, mesh.urlOf(pod));
    assert.equal(first.status, 200);
    await lab.removePod(pod);
    const again = await lab.addPod({ name: "twice", node: "node-2" });
    await startHttpServer(lab, again, HTTP_PORT);
    await server.untilPodUp(again);
    assert.equal(again.netns, pod.netns);
    const second = await mesh.get(mesh.sleep, mesh.urlOf(again));
    assert.equal(second.body, `${greetingOf(again)}\n`);
  },
);

meshTest(
  "a pod whose namespace was made anew under the same path is served in the new one",
  async (mesh) => {
    const { lab, server } = mesh;
    const pod = await lab.addPod({ name: "renewed", node: "node-2" });
    const before = await startHttpServer(lab, pod, HTTP_PORT);
    await untilVerified(mesh, pod, 0);
    await before.stop();
    const node = lab.node("node-2");
    await removePodPort(node.netns, pod.ordinal);
    await must(["ip", "netns", "delete", pod.netns]);
    await addPod(pod.netns, node.netns, node.number, pod.ordinal);
    await startHttpServer(lab, pod, HTTP_PORT);
    await lab.applyPod({ ...pod, labels: { app: "renewed", is: "new" } });
    await untilVerified(mesh, pod, 0);
    await server.untilPodUp(pod);
    const reply = await mesh.get(mesh.sleep, mesh.urlOf(pod));
    assert.equal(reply.body, `${greetingOf(pod)}\n`);
  },
);

meshTest(
  "rules that somebody took away are put back at the next change",
  async (mesh) => {
    const { lab, httpbin, server } = mesh;
    const from = server.process.log().length;
    await inPod(httpbin, ["iptables", "-w", "-t", "nat", "-F", "PREROUTING"]);
    // Of another pod: any change of the configuration has all looked at.
    await lab.applyPod({ ...mesh.echo, labels: { app: "echo", also: "this" } });
    const words = /redirection was changed, put back.*name="httpbin"/;
    await server.process.untilLog(words, { from });
    assert.equal((await verify(mesh, httpbin)).code, 0);
  },
);

meshTest(
  "the node's own programs reach an application under STRICT, other pods in plaintext do not",
  async (mesh) => {
    const { lab, httpbin } = mesh;
    const plain = await lab.addPod({
      name: "unmeshed",
      node: "node-2",
      labels: { app: "unmeshed", "istio.io/dataplane-mode": "none" },
    });
    await mesh.withPolicy("strict", STRICT, async () => {
      for (const family of [4, 6] as const) {
        const url = mesh.urlOf(httpbin, "/ip", family);
        const probe = await call(lab, lab.node("node-2"), url, ["-g"]);
        assert.equal(probe.status, 200, `IPv${family}`);
        const other = await call(lab, plain, url, ["-g"]);
        assert.equal(other.status, 0, `IPv${family}`);
        const member = await call(lab, mesh.sleep, url, ["-g"]);
        assert.equal(member.status, 200, `IPv${family}`);
      }
    });
  },
);

const STRICT = {
  apiVersion: "security.istio.io/v1",
  kind: "PeerAuthentication",
  metadata: { name: "strict", namespace: "default" },
  spec: { mtls: { mode: "STRICT" } },
};

/** A connection that stays open until the test lets it finish, or the proxy ends it. */
interface Held extends AsyncDisposable {
  readonly client: RunningPeer;
}

async function holdConnection(
  { lab, sleep }: Mesh,
  pod: LabPod,
  steps: readonly string[],
): Promise<Held> {
  const server = await startPeerServer(lab, pod, HELD_PORT, [
    ...["read=2", "send=ok", "read=2", "send=end", "end", "readall"],
  ]);
  const to = { ip: pod.ips[0] ?? "", port: HELD_PORT };
  const client = startPeer(lab, sleep, to, [
    ...["send=hi", "read=2", "say=open", ...steps],
  ]);
  await client.untilSaid("open");
  return {
    client,
    async [Symbol.asyncDispose]() {
      await client.process.stop();
      await server.process.stop();
    },
  };
}

/** `hairpin redirect verify` of a pod, at its node. */
function verify({ lab }: Mesh, pod: LabPod) {
  const path = `/var/run/netns/${pod.netns}`;
  return lab.exec(lab.node(pod.node), [
    ...["sh", "-c", 'cd "$0" && exec "$@"', REPOSITORY],
    ...[...HAIRPIN, "redirect", "verify", "--netns", path],
  ]);
}

/** Waits until it ends with that code: 0 when the rules are as planned. */
async function untilVerified(
  mesh: Mesh,
  pod: LabPod,
  code: 0 | 1,
): Promise<void> {
  await eventually(
    `redirect verify of ${pod.name} ends with ${code}`,
    async () => (await verify(mesh, pod)).code === code,
  );
}

const inPod = (pod: LabPod, command: string[]) =>
  must(inNamespace(pod.netns, command));
