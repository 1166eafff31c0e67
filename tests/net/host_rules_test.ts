import assert from "node:assert/strict";
import type { Ip } from "../../src/model/address.ts";
import {
  applyRedirect,
  chooseIptables,
  DEFAULT_PROBE_SOURCES,
  DEFAULT_REDIRECT_OPTIONS,
  HostRules,
} from "../../src/redirect/mod.ts";
import { runCommand } from "../../src/sys/command.ts";
import { makeTestNetns, sh, type TestNetns } from "../support/test_netns.ts";

const backend = await chooseIptables(runCommand, {
  ipv6: true,
  forced: "nft",
});
const POD = ["10.77.0.2" as Ip, "fd77::2" as Ip];

const rulesOf = (node: TestNetns, name: string) =>
  new HostRules({
    netns: node.fd,
    backend,
    ipv6: true,
    owner: { name, probeSources: DEFAULT_PROBE_SOURCES },
  });

const natOf = (node: TestNetns) =>
  node.sh("iptables-nft-save -t nat; ip6tables-nft-save -t nat")
    .then((text) =>
      text.split("\n").filter((line) => /^(:ISTIO|-A)/.test(line))
    );

/** A node and a pod of it, joined by a veth pair. */
async function join(node: TestNetns, pod: TestNetns): Promise<void> {
  await sh(`
    ip -n ${node.name} link add pod0 type veth peer name eth0 netns ${pod.name}
    ip -n ${node.name} addr add 10.77.0.1/24 dev pod0
    ip -n ${node.name} addr add fd77::1/64 dev pod0 nodad
    ip -n ${pod.name} addr add 10.77.0.2/24 dev eth0
    ip -n ${pod.name} addr add fd77::2/64 dev eth0 nodad
    ip -n ${node.name} link set pod0 up
    ip -n ${pod.name} link set eth0 up
    ip -n ${pod.name} route add default via 10.77.0.1
    ip -n ${pod.name} -6 route add default via fd77::1`);
}

/** Answers one HTTP request on port 80, naming the caller's address. */
async function application(pod: TestNetns): Promise<AsyncDisposable> {
  const program = `
    const server = Deno.serve({ port: 80, hostname: "::", onListen: () => console.log("up") },
      (_request, info) => new Response(info.remoteAddr.hostname));
    await server.finished;`;
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

const ask = (node: TestNetns, url: string) =>
  node.sh(`curl -gsS --max-time 5 http://${url}/ || echo refused`)
    .then((text) => text.trim());

Deno.test("HostRules.sync() lets probes of the node reach a redirected pod", async () => {
  await using node = await makeTestNetns();
  await using pod = await makeTestNetns();
  await join(node, pod);
  await using _ = await application(pod);
  const options = DEFAULT_REDIRECT_OPTIONS;
  await applyRedirect({ netns: pod.fd, backend, options });
  assert.equal(await ask(node, "10.77.0.2"), "refused");
  await node.sh("iptables-nft -t nat -A POSTROUTING -j MASQUERADE");
  const rules = rulesOf(node, "node-1");
  await rules.sync(POD);
  assert.match(await ask(node, "10.77.0.2"), /^(::ffff:)?169\.254\.7\.127$/);
  assert.equal(
    await ask(node, "[fd77::2]"),
    "fd16:9254:7127:1337:ffff:ffff:ffff:ffff",
  );
  await rules.remove();
  assert.equal(await ask(node, "10.77.0.2"), "refused");
  assert.deepEqual(await natOf(node), ["-A POSTROUTING -j MASQUERADE"]);
});

Deno.test("HostRules.remove() leaves what another owner has", async () => {
  await using node = await makeTestNetns();
  const [one, two] = [rulesOf(node, "one"), rulesOf(node, "two")];
  await Promise.all([one.sync(POD), two.sync(POD)]);
  assert.equal((await natOf(node)).length, 2 * (2 + 2));
  await one.remove();
  const rest = await natOf(node);
  assert.equal(rest.length, 2 * (2 + 1));
  assert.ok(rest.some((line) => line.includes('"hairpin two"')));
  await two.remove();
  assert.deepEqual(await natOf(node), []);
});

Deno.test("HostRules.sync() mends what an earlier process left", async () => {
  await using node = await makeTestNetns();
  await rulesOf(node, "one").sync(["10.77.0.9" as Ip]);
  await node.sh("iptables-nft -t nat -I POSTROUTING 1 -p udp -j ACCEPT");
  await rulesOf(node, "one").sync(["10.77.0.2" as Ip]);
  assert.deepEqual(await natOf(node), [
    ":ISTIO_POSTRT - [0:0]",
    "-A POSTROUTING -j ISTIO_POSTRT",
    "-A POSTROUTING -p udp -j ACCEPT",
    '-A ISTIO_POSTRT -d 10.77.0.2/32 -p tcp -m owner --socket-exists -m comment --comment "hairpin one" -j SNAT --to-source 169.254.7.127',
  ]);
});
