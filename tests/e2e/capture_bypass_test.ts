/** A pod that bypasses the proxy by its annotation: out of the mesh, and seen to be. */
import assert from "node:assert/strict";
import {
  changeMesh,
  greetingOf,
  type HairpinProcess,
  inNamespace,
  type LabPod,
  must,
  startHttpServer,
  sumSamples,
} from "../lab/mod.ts";
import {
  HTTP_PORT,
  labTest,
  type Mesh,
  shareMesh,
  withMesh,
} from "./support.ts";

const meshTest = shareMesh();

const KEY = "hairpin.dev/bypass-capture";
const STRICT = {
  apiVersion: "security.istio.io/v1",
  kind: "PeerAuthentication",
  metadata: { name: "strict", namespace: "default" },
  spec: { mtls: { mode: "STRICT" } },
};

const rulesIn = (pod: LabPod): Promise<string> =>
  must(inNamespace(pod.netns, ["sh", "-c", "iptables-save; ip6tables-save"]));

const bypassedAt = async (proxy: HairpinProcess): Promise<number> =>
  sumSamples(await proxy.metrics(), "hairpin_capture_bypassed_pods");

async function addPatient({ lab, server }: Mesh, name: string) {
  const pod = await lab.addPod({ name, node: "node-2" });
  await startHttpServer(lab, pod, HTTP_PORT);
  await server.untilPodUp(pod);
  return pod;
}

/** Writes the annotation and waits until it has been acted upon. */
async function bypass(
  { lab, proxies, server }: Mesh,
  pod: LabPod,
  value: string,
) {
  const from = server.process.log().length;
  await changeMesh(
    proxies,
    `${pod.name} bypassing`,
    () => lab.applyPod({ ...pod, annotations: { [KEY]: value } }),
  );
  const words = new RegExp(`pod bypasses the proxy.*name="${pod.name}"`);
  await server.process.untilLog(words, { from });
}

async function untilCaptured({ server }: Mesh, pod: LabPod, from: number) {
  await server.process.untilLog(
    new RegExp(`no longer bypasses the proxy.*name="${pod.name}"`),
    { from },
  );
  assert.match(await rulesIn(pod), /ISTIO_OUTPUT/);
  assert.equal(await bypassedAt(server), 0);
}

meshTest(
  "a pod that bypasses is out of the mesh, for itself and for others",
  async (mesh) => {
    const { lab, sleep, httpbin, server, client, proxies } = mesh;
    const pod = await addPatient(mesh, "patient");
    await bypass(mesh, pod, "true");
    try {
      assert.doesNotMatch(await rulesIn(pod), /ISTIO/);
      const listening = await must(inNamespace(pod.netns, ["ss", "-Hntul"]));
      assert.doesNotMatch(listening, /:150\d\d\b/);
      assert.deepEqual(await Promise.all(proxies.map(bypassedAt)), [0, 1]);
      const { workloads, workloadState } = await client.configDump();
      const workload = workloads.find(({ name }) => name === pod.name);
      assert.equal(workload?.protocol, "TCP");
      assert.equal(workloadState[pod.uid], undefined);
      await mesh.withPolicy("strict", STRICT, async () => {
        // Its peers hold to their policy, and it has nobody to hold to its own.
        const plain = await mesh.get(pod, mesh.urlOf(httpbin));
        assert.equal(plain.status, 0);
        // A reset that comes at once is a failed connect in curl's eyes.
        assert.ok([7, 56].includes(plain.curlCode), `curl ${plain.curlCode}`);
        const denied = await server.untilAccess(
          "the refusal",
          ({ fields }) =>
            fields["src.addr"]?.startsWith(`${pod.ips[0]}:`) ?? false,
        );
        assert.match(denied.fields.error ?? "", /policy/);
        const open = await mesh.get(lab.outsider, mesh.urlOf(pod));
        assert.equal(open.body, `${greetingOf(pod)}\n`);
        const others = await mesh.get(sleep, mesh.urlOf(httpbin));
        assert.equal(others.status, 200);
      });
      const reply = await mesh.get(sleep, mesh.urlOf(pod));
      assert.equal(reply.body, `${greetingOf(pod)}\n`);
    } finally {
      const from = server.process.log().length;
      await changeMesh(proxies, "captured again", () => lab.applyPod(pod));
      await untilCaptured(mesh, pod, from);
    }
    await mesh.withPolicy("strict", STRICT, async () => {
      assert.equal((await mesh.get(pod, mesh.urlOf(httpbin))).status, 200);
      const outside = await mesh.get(lab.outsider, mesh.urlOf(pod));
      assert.notEqual(outside.curlCode, 0);
    });
  },
);

meshTest("a bypass with a time ends by itself", async (mesh) => {
  const { lab, server } = mesh;
  const pod = await addPatient(mesh, "forgotten");
  await bypass(mesh, pod, "true");
  const from = server.process.log().length;
  const until = new Date(Date.now() + 2_000).toISOString();
  await lab.applyPod({ ...pod, annotations: { [KEY]: until } });
  await untilCaptured(mesh, pod, from);
  await server.untilPodUp(pod);
});

meshTest(
  "a value that is none leaves the pod captured, and is warned of",
  async (mesh) => {
    const { lab, server } = mesh;
    const pod = await addPatient(mesh, "unclear");
    const from = server.process.log().length;
    await lab.applyPod({ ...pod, annotations: { [KEY]: "1h" } });
    await server.process.untilLog(/unclear.*bypass-capture is ignored: "1h"/, {
      from,
    });
    assert.match(await rulesIn(pod), /ISTIO_OUTPUT/);
    assert.equal(await bypassedAt(server), 0);
    await lab.applyPod(pod);
  },
);

labTest(
  "rules that an ended process left are removed from a pod that bypasses",
  () =>
    withMesh({}, async (mesh) => {
      const { lab, server, httpbin } = mesh;
      await server.stop();
      assert.match(await rulesIn(httpbin), /ISTIO_OUTPUT/);
      await lab.applyPod({ ...httpbin, annotations: { [KEY]: "true" } });
      await using again = await lab.startHairpin(lab.node("node-2"), {
        name: "again",
      });
      await again.process.untilLog(/pod bypasses the proxy.*name="httpbin"/);
      assert.equal(await bypassedAt(again), 1);
      assert.doesNotMatch(await rulesIn(httpbin), /ISTIO/);
    }),
);
