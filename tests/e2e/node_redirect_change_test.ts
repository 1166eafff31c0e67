/** Node-level redirection when proxies end, pods are elsewhere, or rules are changed. */
import assert from "node:assert/strict";
import {
  type CommandResult,
  greetingOf,
  inNamespace,
  type LabNode,
  run,
  startHttpServer,
} from "../lab/mod.ts";
import { AccessTail, identityOf } from "./calls.ts";
import { denyFrom, out, STRICT, tracesAt } from "./node_redirect_support.ts";
import { eventually, HTTP_PORT, labTest, Mesh } from "./support.ts";

const NODE = { redirect: "node" } as const;

/** curl's code for a connection that is refused. */
const REFUSED = 7;

/** `hairpin redirect ACTION --node` there. */
const redirectNode = (at: LabNode, action: string): Promise<CommandResult> =>
  run(inNamespace(at.netns, [
    ...["env", "-C", new URL("../..", import.meta.url).pathname],
    ...[Deno.execPath(), "run", "-P", "main.ts"],
    ...["redirect", action, "--node"],
  ]));

/** All of it that can be told apart, without counters. */
const rulesAt = (mesh: Mesh, node: LabNode): Promise<string> =>
  out(
    mesh,
    node,
    "for family in ip ip6 bridge; do " +
      "nft --stateless list table $family hairpin-node; done; " +
      "nft list table ip foreign; ip rule; ip -6 rule; " +
      "ip route show table 15006; ip -6 route show table 15006",
  );

labTest(
  "a node captured by itself and one captured in its pods speak the same tunnels",
  async () => {
    await using mesh = await Mesh.start(NODE, { redirect: "self" });
    const { lab, sleep, httpbin, client, server } = mesh;
    await startHttpServer(lab, sleep, HTTP_PORT);
    await mesh.withPolicy("strict", STRICT, async () => {
      for (const [from, to] of [[sleep, httpbin], [httpbin, sleep]] as const) {
        for (const family of [4, 6] as const) {
          const reply = await mesh.get(from, mesh.urlOf(to, "/", family));
          assert.equal(reply.body, `${greetingOf(to)}\n`);
        }
        const callee = new AccessTail(to === httpbin ? server : client);
        await mesh.get(from, mesh.urlOf(to));
        await callee.until({
          direction: "inbound",
          "src.identity": identityOf(from),
          "dst.workload": to.name,
        });
      }
    });
    const deny = denyFrom(sleep, [httpbin]);
    await mesh.withPolicy("deny", deny, async () => {
      assert.equal((await mesh.get(httpbin, mesh.urlOf(sleep))).status, 0);
    });
  },
);

labTest(
  "pods are closed while no proxy runs, and open again with the next one",
  async () => {
    await using mesh = await Mesh.start(NODE);
    const { lab, sleep, echo, httpbin, server } = mesh;
    const node = lab.node("node-2");
    const url = mesh.urlOf(httpbin);
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      const latest = signal === "SIGTERM"
        ? server
        : await lab.startHairpin(node, { ...NODE, name: "second" });
      if (signal === "SIGKILL") {
        assert.equal((await mesh.get(lab.outsider, url)).status, 200);
        assert.equal((await mesh.get(sleep, url)).status, 200);
      }
      Deno.kill(latest.process.pid, signal);
      await latest.process.ended;
      for (const from of [lab.outsider, echo]) {
        for (const family of [4, 6] as const) {
          const at = mesh.urlOf(httpbin, "/", family);
          assert.equal((await mesh.get(from, at)).curlCode, REFUSED);
        }
      }
      const outward = `http://${lab.node("node-1").ips[0]}:15020/metrics`;
      assert.equal((await mesh.get(httpbin, outward)).curlCode, REFUSED);
      // The node's own processes still reach the pod, as probes have to.
      assert.equal((await mesh.get(node, url)).status, 200);
    }
    const third = await lab.startHairpin(node, { ...NODE, name: "third" });
    await third.untilPodUp(httpbin);
    assert.equal((await mesh.get(sleep, url)).status, 200);
    assert.equal((await mesh.get(lab.outsider, url)).status, 200);
    assert.equal((await redirectNode(node, "verify")).code, 0);

    await third.stop();
    const { code, stdout } = await redirectNode(node, "verify");
    assert.deepEqual([code, stdout], [1, 'device "hairpin-node" is missing\n']);
    assert.equal((await redirectNode(node, "remove")).code, 0);
    assert.equal(await tracesAt(mesh, node), "");
    assert.equal((await mesh.get(lab.outsider, url)).status, 200);
  },
);

labTest(
  "a proxy that captures nobody leaves no trace at its end",
  async () => {
    await using mesh = await Mesh.start(NODE);
    const { lab, client } = mesh;
    const node = lab.node("node-1");
    await lab.exec(node, ["nft", "add table ip foreign"]);
    assert.notEqual(await tracesAt(mesh, node), "");
    for (const pod of [mesh.sleep, mesh.notsleep]) {
      const labels = { ...pod.labels, "istio.io/dataplane-mode": "none" };
      await lab.applyPod({ ...pod, labels });
    }
    await client.untilDump(
      "no pod served",
      ({ workloadState }) => Object.keys(workloadState).length === 0,
    );
    await client.stop();
    assert.equal(await tracesAt(mesh, node), "");
    assert.match(await out(mesh, node, "nft list tables"), /foreign/);
  },
);

labTest(
  "pods of one node are reached by a tunnel where the local lane is off, and by policy",
  async () => {
    const flags = ["--node-local-lane", "off"];
    await using mesh = await Mesh.start({ ...NODE, flags });
    const { echo, httpbin, server } = mesh;
    const tail = new AccessTail(server);
    for (const family of [4, 6] as const) {
      const url = mesh.urlOf(httpbin, "/", family);
      assert.equal((await mesh.get(echo, url)).status, 200);
    }
    const line = await tail.until({
      direction: "inbound",
      "src.identity": identityOf(echo),
      "dst.workload": "httpbin",
    });
    assert.match(line.fields["dst.addr"] ?? "", /:15008$/);
    const deny = denyFrom(httpbin, [echo]);
    await mesh.withPolicy("deny", deny, async () => {
      assert.equal((await mesh.get(echo, mesh.urlOf(httpbin))).status, 0);
    });
  },
);

labTest(
  "rules that somebody else took away are put back, and foreign ones stay",
  async () => {
    await using mesh = await Mesh.start(NODE);
    const { lab, sleep, httpbin, client } = mesh;
    const node = lab.node("node-1");
    const breakages = [
      "nft delete table ip hairpin-node",
      "nft flush chain ip hairpin-node leaving",
      "nft delete table bridge hairpin-node",
      "ip rule del pref 98",
      "ip -6 rule del pref 98",
      "ip route flush table 15006",
      "ip link del hairpin-node",
      "ip link set hairpin-node down",
      "ip address del 169.254.15.1/30 dev hairpin-node",
      // Also foreign ones are gone then, which are not hairpin's to put back.
      "nft flush ruleset; nft add table ip foreign",
    ];
    await lab.exec(node, ["nft", "add table ip foreign"]);
    const planned = await rulesAt(mesh, node);
    const url = mesh.urlOf(httpbin);
    for (const breakage of breakages) {
      // Nobody asks for a look: it is noticed.
      assert.equal(await out(mesh, node, breakage), "");
      await eventually(
        `all as it was before "${breakage}"`,
        async () => await rulesAt(mesh, node) === planned,
      );
      const tail = new AccessTail(client);
      assert.equal((await mesh.get(sleep, url)).status, 200);
      await tail.until({ direction: "outbound", "src.workload": "sleep" });
    }
    assert.match(client.process.log(), /redirection was changed, put back/);
    assert.match(await out(mesh, node, "nft list tables"), /foreign/);
  },
);

labTest(
  "a pod with a link of its own is bound to that link, also with strict source checks",
  async () => {
    await using mesh = await Mesh.start(NODE);
    const { lab, sleep, httpbin, server } = mesh;
    const node = lab.node("node-2");
    const strict = ["sysctl", "-qw", "net.ipv4.conf.all.rp_filter=1"];
    assert.equal((await lab.exec(node, strict)).code, 0);
    const routed = await lab.addPod({ name: "routed", node: "node-2" });
    await startHttpServer(lab, routed, HTTP_PORT);
    await server.untilPodUp(routed);
    const [ip] = routed.ips;
    const link = `pod-${routed.ordinal}`;
    const onNode = `ip link set ${link} nomaster && ` +
      `ip address add 169.254.1.1/32 dev ${link} && ` +
      `ip route add ${ip}/32 dev ${link}`;
    const inPod = `ip -4 address flush dev eth0 && ` +
      `ip address add ${ip}/32 dev eth0 && ` +
      `ip route add 169.254.1.1 dev eth0 && ` +
      `ip route add default via 169.254.1.1`;
    assert.equal(await out(mesh, node, onNode), "");
    assert.equal(await out(mesh, routed, inPod), "");
    await lab.applyPod({ ...routed, labels: { ...routed.labels, v: "2" } });
    await mesh.withPolicy(
      "turn",
      denyFrom(httpbin, [mesh.notsleep]),
      async () => {},
    );
    await eventually("the link in the rules", async () => {
      const set = "nft list set ip hairpin-node homes";
      return (await out(mesh, node, set)).includes(`${ip} . "${link}"`);
    });
    await startHttpServer(lab, sleep, HTTP_PORT);
    for (const [from, to] of [[sleep, routed], [routed, sleep]] as const) {
      const reply = await mesh.get(from, mesh.urlOf(to));
      assert.equal(reply.body, `${greetingOf(to)}\n`);
    }
    const plain = await mesh.get(lab.outsider, mesh.urlOf(routed));
    assert.equal(plain.body, `${greetingOf(routed)}\n`);
    assert.equal((await mesh.get(node, mesh.urlOf(routed))).status, 200);
  },
);
