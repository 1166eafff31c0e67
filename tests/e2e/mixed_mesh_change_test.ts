/** Certificates, pods, proxies and istiod that are replaced, in a mesh of two proxies under traffic. */
import assert from "node:assert/strict";
import type { HairpinProcess, LabPod } from "../lab/mod.ts";
import { AccessTail, identityOf } from "./calls.ts";
import {
  CROSSINGS,
  ip,
  type Kind,
  type MixedMesh,
  NODES,
  PATIENCE_MS,
} from "./mixed_mesh_support.ts";
import { HboneServer } from "./mixed_mesh_sidecar.ts";
import { shareMixedMesh } from "./mixed_mesh_table.ts";
import { authorizationPolicy } from "./policy_support.ts";
import { SteadyTraffic } from "./steady.ts";
import { ECHO_PORT, eventually, HTTP_PORT } from "./support.ts";

/** istiod dates certificates two minutes back: half of such a life is over in ten seconds. */
const rowTest = shareMixedMesh({ SECRET_TTL: "140s" });

const other = (kind: Kind): Kind => kind === "hairpin" ? "ztunnel" : "hairpin";

/** Serial number of the leaf that a proxy holds for a pod now, in decimal. */
async function serialOf(proxy: HairpinProcess, pod: LabPod): Promise<string> {
  const { certificates } = await proxy.configDump();
  const row = certificates.find((row) => row.identity === identityOf(pod));
  const [leaf] = (row?.["certChain"] ?? []) as { serialNumber: string }[];
  assert.ok(leaf, `no certificate of ${pod.name}`);
  return leaf.serialNumber;
}

/** The same of the leaf that a pod's tunnel port shows to a client. */
async function shownSerial({ lab }: MixedMesh, pod: LabPod): Promise<string> {
  const shell = 'openssl s_client -connect "$1" </dev/null 2>/dev/null | ' +
    "openssl x509 -noout -serial";
  const command = ["sh", "-c", shell, "sh", `${ip(pod)}:15008`];
  const { stdout } = await lab.exec(lab.outsider, command);
  return BigInt(`0x${stdout.trim().replace("serial=", "")}`).toString();
}

for (const { source, destination } of CROSSINGS) {
  const way = "certificates renewed under connections";
  rowTest({ source, destination, way }, async (mesh) => {
    const { client } = mesh.sides[source];
    const { server } = mesh.sides[destination];
    const leaves = () =>
      Promise.all([
        serialOf(mesh.proxy(source), client),
        serialOf(mesh.proxy(destination), server),
      ]);
    const sink = await HboneServer.start(mesh, `sink-${source}`, "node-2");
    const steady = await SteadyTraffic.start(mesh.lab, client, {
      ip: ip(server),
      port: ECHO_PORT,
    });
    await using streams = await mesh.openStreams(client, server);
    const before = await leaves();
    assert.equal(before.length, new Set(before).size);
    await eventually("both renewed", async () => {
      const now = await leaves();
      return now.every((serial, at) => serial !== before[at]);
    }, PATIENCE_MS);
    // New tunnels are made with the new ones, on either side.
    const { serialNumber } = await sink.ask(mesh, client);
    assert.notEqual(serialNumber, before[0]);
    assert.notEqual(await shownSerial(mesh, server), before[1]);
    await streams.untilMoreAnswers();
    assert.equal(streams.ended(), 0);
    await steady.stopWithoutFailure();
    return "connections go on, new tunnels have new ones";
  });
}

for (const { source, destination } of CROSSINGS) {
  const way = "a pod of another account at the address";
  rowTest({ source, destination, way }, async (mesh) => {
    const { base, sides } = mesh;
    const node = NODES[destination];
    const first = await base.addPod(`pod-at-${node}`, node);
    await base.serve(first);
    await assertKnown(mesh, { source, destination }, first);
    await base.at(node).agent.cni("DEL", first);
    await mesh.plane.delete("pod", first.name, first.namespace);
    const second = await base.register({
      ...first,
      serviceAccount: `account-at-${node}`,
    });
    assert.notEqual(second.uid, first.uid);
    await base.lab.applyPod(second);
    await base.enrol(second);
    const { client } = sides[source];
    await mesh.untilAnswers(client, ip(second), true);
    await assertKnown(mesh, { source, destination }, second);
    return "its new identity, calling and called";
  });
}

/** A pod calls the other side and is called from there: both proxies say who it is. */
async function assertKnown(
  mesh: MixedMesh,
  { source, destination }: { source: Kind; destination: Kind },
  pod: LabPod,
): Promise<void> {
  const { client, server } = mesh.sides[source];
  await mesh.untilAnswers(client, ip(pod), true);
  const tails = mesh.proxies.map((proxy) => new AccessTail(proxy));
  assert.ok(await mesh.answers(client, ip(pod)));
  assert.ok(await mesh.answers(pod, ip(server)));
  const own = identityOf(pod);
  for (const tail of tails) {
    const isOwn = tail.proxy === mesh.proxy(destination);
    await tail.until({
      direction: isOwn ? "inbound" : "outbound",
      "src.identity": identityOf(client),
      "dst.identity": own,
    });
    await tail.until({
      direction: isOwn ? "outbound" : "inbound",
      "src.identity": own,
      "dst.identity": identityOf(server),
    });
  }
}

for (const killed of ["hairpin", "ztunnel"] as const) {
  const alive = other(killed);
  rowTest(
    { source: killed, destination: alive, way: "SIGKILL of the first" },
    async (mesh) => {
      const { lab, sides } = mesh;
      const bystanders = sides[alive];
      const to = { ip: ip(bystanders.server), port: ECHO_PORT };
      await using own = await mesh.openStreams(
        bystanders.client,
        bystanders.server,
      );
      await using lost = await mesh.openStreams(
        sides[killed].client,
        bystanders.server,
      );
      const steady = await SteadyTraffic.start(lab, bystanders.client, to);
      await mesh.kill(killed);
      await lost.untilAllEnded();
      await own.untilMoreAnswers();
      await mesh.startProxy(killed);
      for (const { source, destination } of CROSSINGS) {
        const { client } = sides[source];
        const { server, vips } = sides[destination];
        await mesh.untilAnswers(client, ip(server), true);
        assert.ok(await mesh.answers(client, vips[0]!));
      }
      await own.untilMoreAnswers();
      assert.equal(own.ended(), 0);
      await steady.stopWithoutFailure();
      return "other pods go on, new connections both ways after";
    },
  );
}

const denyHttp = authorizationPolicy("deny-http", {
  action: "DENY",
  rules: [{ to: [{ operation: { ports: [`${HTTP_PORT}`] } }] }],
});

rowTest(
  { source: "both", destination: "both", way: "SIGKILL of istiod" },
  async (mesh) => {
    const { lab, plane, sides } = mesh;
    await using stack = new AsyncDisposableStack();
    const open = await Promise.all(CROSSINGS.map(
      async ({ source, destination }) => {
        const { client } = sides[source];
        const { server } = sides[destination];
        const to = { ip: ip(server), port: ECHO_PORT };
        const streams = stack.use(await mesh.openStreams(client, server));
        const steady = await SteadyTraffic.start(lab, client, to);
        const answers = () => mesh.answers(client, ip(server));
        const until = (wanted: boolean) =>
          mesh.untilAnswers(client, ip(server), wanted);
        return { streams, steady, answers, until };
      },
    ));
    await plane.stopIstiod("SIGKILL");
    for (const { streams, answers } of open) {
      await streams.untilMoreAnswers();
      assert.ok(await answers());
    }
    await plane.startIstiod();
    await mesh.under([denyHttp], async () => {
      for (const { until } of open) await until(false);
    });
    for (const { streams, steady, until } of open) {
      await until(true);
      await streams.untilMoreAnswers();
      assert.equal(streams.ended(), 0);
      await steady.stopWithoutFailure();
    }
    return "connections go on, new ones work, changes are heard after";
  },
);
