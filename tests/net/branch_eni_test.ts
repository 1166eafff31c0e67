import assert from "node:assert/strict";
import type { Ip } from "../../src/model/address.ts";
import { BranchEniRules } from "../../src/redirect/mod.ts";
import { makeTestNetns, sh, type TestNetns } from "../support/test_netns.ts";

const POD = "10.66.1.5" as Ip;
const POD_6 = "fd66::5" as Ip;

/**
 * A node and a pod as AWS's plugin leaves them: the main table has all pods'
 * addresses in the cloud, and tables of their own have the way to each.
 */
async function join(node: TestNetns, pod: TestNetns): Promise<void> {
  const at = `ip -n ${node.name}`;
  const inPod = `ip -n ${pod.name}`;
  await sh(`
    ${at} link add eni0 type veth peer name cloud0
    ${at} link set eni0 up
    ${at} link set cloud0 up
    ${at} addr add 10.66.0.1/16 dev eni0
    ${at} addr add fd66::1/64 dev eni0 nodad
    ${at} link add vlan1 type veth peer name eth0 netns ${pod.name}
    ${at} link set vlan1 up
    ${inPod} link set eth0 up
    ${inPod} addr add ${POD}/32 dev eth0
    ${inPod} addr add ${POD_6}/128 dev eth0 nodad
    gateway=$(${at} -json link show vlan1 | sed 's/.*"address":"\\([^"]*\\)".*/\\1/')
    ${inPod} route add 169.254.1.1 dev eth0
    ${inPod} route add default via 169.254.1.1 dev eth0
    ${inPod} neigh replace 169.254.1.1 lladdr $gateway dev eth0 nud permanent
    ${inPod} -6 route add default via fe80::1 dev eth0 onlink
    ${inPod} -6 neigh replace fe80::1 lladdr $gateway dev eth0 nud permanent
    for f in -4 -6; do
      ${at} $f rule add pref 20 lookup local
      ${at} $f rule del pref 0
      ${at} $f rule add iif vlan1 lookup 101 pref 10
      ${at} $f rule add iif eni0 lookup 101 pref 10
      ${at} $f route add default dev eni0 table 101
    done
    ${at} route add ${POD} dev vlan1 table 101
    ${at} -6 route add ${POD_6} dev vlan1 table 101`);
  await node.sh("echo 0 > /proc/sys/net/ipv4/tcp_early_demux");
}

async function serve(pod: TestNetns): Promise<AsyncDisposable> {
  const program = `Deno.serve({ port: 80, hostname: "::",
    onListen: () => console.log("up") }, () => new Response("up"));`;
  const child = new Deno.Command("ip", {
    args: ["netns", "exec", pod.name, Deno.execPath(), "eval", program],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
}

const probe = (node: TestNetns, host: string) =>
  node.sh(`curl -gsS --max-time 2 http://${host}/ 2>&1 || true`)
    .then((text) => text.trim());

const rulesOf = (node: TestNetns) =>
  node.sh("ip -4 rule; ip -6 rule").then((text) => text.split("\n"));

Deno.test("BranchEniRules has the node's probes reach a pod with an interface of its own, until it is gone", async () => {
  await using node = await makeTestNetns();
  await using pod = await makeTestNetns();
  await join(node, pod);
  await using _ = await serve(pod);
  const before = await rulesOf(node);
  for (const host of [POD, `[${POD_6}]`]) {
    assert.notEqual(await probe(node, host), "up");
  }
  const rules = new BranchEniRules({ netns: node.fd, ipv6: true });
  await rules.sync([POD, POD_6, "10.66.1.6" as Ip]);
  for (const host of [POD, `[${POD_6}]`]) {
    assert.equal(await probe(node, host), "up");
  }
  const after = await rulesOf(node);
  assert.equal(after.length, before.length + 4);
  await rules.sync([POD, POD_6]);
  assert.deepEqual(await rulesOf(node), after);
  // Another process after a crash of this one.
  await new BranchEniRules({ netns: node.fd, ipv6: true }).sync([]);
  assert.deepEqual(await rulesOf(node), before);
});

Deno.test("BranchEniRules follows a pod to another table, and leaves others' rules", async () => {
  await using node = await makeTestNetns();
  await using pod = await makeTestNetns();
  await join(node, pod);
  await node.sh(`ip rule add to ${POD} lookup main pref 512`);
  const before = await rulesOf(node);
  const rules = new BranchEniRules({ netns: node.fd, ipv6: false });
  await rules.sync([POD]);
  await node.sh(`
    ip route del ${POD} table 101
    ip route add ${POD} dev vlan1 table 102
    ip rule add iif vlan1 lookup 102 pref 30`);
  await rules.sync([POD]);
  const text = (await rulesOf(node)).join("\n");
  assert.match(text, /^512:\s+from all to 10\.66\.1\.5 lookup 102 /m);
  assert.match(text, /^29:\s+from all iif vlan1 lookup local /m);
  await node.sh("ip rule del iif vlan1 lookup 102 pref 30");
  await rules.sync([]);
  assert.deepEqual(await rulesOf(node), before);
});

Deno.test("BranchEniRules does nothing where the node has no such interfaces", async () => {
  await using node = await makeTestNetns();
  await using pod = await makeTestNetns();
  await join(node, pod);
  await node.sh("echo 1 > /proc/sys/net/ipv4/tcp_early_demux");
  const before = await rulesOf(node);
  const rules = new BranchEniRules({ netns: node.fd, ipv6: true });
  await rules.sync([POD, POD_6]);
  assert.deepEqual(await rulesOf(node), before);
});
