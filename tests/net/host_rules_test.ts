import assert from "node:assert/strict";
import type { Ip } from "../../src/model/address.ts";
import {
  applyRedirect,
  type Backend,
  type BackendName,
  chooseBackend,
  DEFAULT_PROBE_SOURCES,
  DEFAULT_REDIRECT_OPTIONS,
  HostRules,
  nameOfBackend,
} from "../../src/redirect/mod.ts";
import { PROBED_PODS_MAX } from "../../src/redirect/limits.ts";
import { runCommand } from "../../src/sys/command.ts";
import { makeTestNetns, sh, type TestNetns } from "../support/test_netns.ts";

const backendOf = (choice: BackendName) =>
  chooseBackend(runCommand, { ipv6: true, choice });

const iptables = await backendOf("iptables-nft");
const nftables = await backendOf("nftables");
const POD = ["10.77.0.2" as Ip, "fd77::2" as Ip];

const rulesOf = (node: TestNetns, name: string, backend: Backend) =>
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

/** Tables of native nftables, without counts. */
const tablesOf = (node: TestNetns) =>
  node.sh("nft list tables inet; nft list ruleset inet")
    .then((text) => text.replace(/ packets \d+ bytes \d+/g, ""));

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

for (const backend of [iptables, nftables]) {
  const kind = nameOfBackend(backend);
  Deno.test(`HostRules.sync() lets probes of the node reach a redirected pod, ${kind}`, async () => {
    await using node = await makeTestNetns();
    await using pod = await makeTestNetns();
    await join(node, pod);
    await using _ = await application(pod);
    const options = DEFAULT_REDIRECT_OPTIONS;
    await applyRedirect({ netns: pod.fd, backend, options });
    assert.equal(await ask(node, "10.77.0.2"), "refused");
    await node.sh("iptables-nft -t nat -A POSTROUTING -j MASQUERADE");
    const rules = rulesOf(node, "node-1", backend);
    await rules.sync(POD);
    assert.match(await ask(node, "10.77.0.2"), /^(::ffff:)?169\.254\.7\.127$/);
    assert.equal(
      await ask(node, "[fd77::2]"),
      "fd16:9254:7127:1337:ffff:ffff:ffff:ffff",
    );
    await rules.remove();
    assert.equal(await ask(node, "10.77.0.2"), "refused");
    assert.deepEqual(await natOf(node), ["-A POSTROUTING -j MASQUERADE"]);
    assert.equal(await tablesOf(node), "");
  });
}

Deno.test("HostRules.sync() leaves forwarded connections captured, nftables", async () => {
  await using client = await makeTestNetns();
  await using node = await makeTestNetns();
  await using pod = await makeTestNetns();
  await join(node, pod);
  await sh(`
    ip -n ${node.name} link add up0 type veth peer name eth0 netns ${client.name}
    ip -n ${node.name} addr add 10.78.0.1/24 dev up0
    ip -n ${client.name} addr add 10.78.0.2/24 dev eth0
    ip -n ${node.name} link set up0 up
    ip -n ${client.name} link set eth0 up
    ip -n ${client.name} route add default via 10.78.0.1`);
  await node.sh("echo 1 > /proc/sys/net/ipv4/ip_forward");
  await using _ = await application(pod);
  await rulesOf(node, "node-1", nftables).sync(POD);
  assert.match(await ask(client, "10.77.0.2"), /10\.78\.0\.2$/);
  assert.match(await ask(node, "10.77.0.2"), /169\.254\.7\.127$/);
  const options = DEFAULT_REDIRECT_OPTIONS;
  await applyRedirect({ netns: pod.fd, backend: nftables, options });
  assert.equal(await ask(client, "10.77.0.2"), "refused");
});

Deno.test("HostRules.remove() leaves what another owner has", async () => {
  await using node = await makeTestNetns();
  const [one, two] = ["one", "two"].map((name) =>
    rulesOf(node, name, iptables)
  ) as [HostRules, HostRules];
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
  await rulesOf(node, "one", iptables).sync(["10.77.0.9" as Ip]);
  await node.sh("iptables-nft -t nat -I POSTROUTING 1 -p udp -j ACCEPT");
  await rulesOf(node, "one", iptables).sync(["10.77.0.2" as Ip]);
  assert.deepEqual(await natOf(node), [
    ":ISTIO_POSTRT - [0:0]",
    "-A POSTROUTING -j ISTIO_POSTRT",
    "-A POSTROUTING -p udp -j ACCEPT",
    '-A ISTIO_POSTRT -d 10.77.0.2/32 -p tcp -m owner --socket-exists -m comment --comment "hairpin one" -j SNAT --to-source 169.254.7.127',
  ]);
});

const OWN_TABLE = `table inet hairpin-one {
	set istio-inpod-probes-v4 {
		type ipv4_addr
		size 65536
		elements = { 10.77.0.2 }
	}

	set istio-inpod-probes-v6 {
		type ipv6_addr
		size 65536
		elements = { fd77::2 }
	}

	chain postrouting {
		type nat hook postrouting priority srcnat - 1; policy accept;
		meta l4proto tcp meta skuid >= 0 ip daddr @istio-inpod-probes-v4 counter snat ip to 169.254.7.127
		meta l4proto tcp meta skuid >= 0 ip6 daddr @istio-inpod-probes-v6 counter snat ip6 to fd16:9254:7127:1337:ffff:ffff:ffff:ffff
	}
}
`;

Deno.test("HostRules.sync() keeps its set of pods in step, nftables", async () => {
  await using node = await makeTestNetns();
  const rules = rulesOf(node, "one", nftables);
  await rules.sync(["10.77.0.9" as Ip, "fd77::9" as Ip]);
  const handles = await node.sh("nft -a list table inet hairpin-one");
  await rules.sync(["10.77.0.9" as Ip, "10.77.0.2" as Ip, "fd77::2" as Ip]);
  await rules.sync(POD);
  assert.ok((await tablesOf(node)).endsWith(OWN_TABLE));
  // What was written first is still there: only addresses have changed.
  const chain = /chain postrouting.*# handle \d+/.exec(handles)![0];
  assert.ok((await node.sh("nft -a list ruleset")).includes(chain));
});

const damage: [name: string, script: string][] = [
  ["a rule that is gone", "flush chain inet hairpin-one postrouting"],
  [
    "a set that is gone",
    "flush chain inet hairpin-one postrouting; delete set inet hairpin-one istio-inpod-probes-v6",
  ],
  ["a table out of force", "add table inet hairpin-one { flags dormant; }"],
  [
    "an address more",
    "add element inet hairpin-one istio-inpod-probes-v4 { 10.77.0.3 }",
  ],
  ["everything gone", "flush ruleset"],
];
for (const [name, script] of damage) {
  Deno.test(`HostRules.sync() mends ${name}, nftables`, async () => {
    await using node = await makeTestNetns();
    await rulesOf(node, "one", nftables).sync(POD);
    await node.sh(`nft '${script}'`);
    await rulesOf(node, "one", nftables).sync(POD);
    assert.ok((await tablesOf(node)).endsWith(OWN_TABLE));
  });
}

Deno.test("HostRules.remove() leaves tables of others, nftables", async () => {
  await using node = await makeTestNetns();
  const one = rulesOf(node, "one", nftables);
  const two = rulesOf(node, "two", nftables);
  await Promise.all([one.sync(POD), two.sync(POD)]);
  const text = await tablesOf(node);
  assert.match(text, /table inet hairpin-one\n/);
  await one.remove();
  assert.doesNotMatch(await tablesOf(node), /hairpin-one/);
  assert.match(
    await tablesOf(node),
    /table inet hairpin-two \{[^}]*10\.77\.0\.2/,
  );
  await two.remove();
  assert.equal(await tablesOf(node), "");
});

const NAMES = ["iptables-legacy", "iptables-nft", "nftables"] as const;
const changes = NAMES.flatMap((from) =>
  NAMES.filter((to) => to !== from).map((to) => [from, to] as const)
);
for (const [from, to] of changes) {
  Deno.test(`HostRules.sync() leaves nothing of its own in ${from} when it is ${to} now`, async () => {
    await using node = await makeTestNetns();
    await node.sh("iptables-nft -t nat -A POSTROUTING -j MASQUERADE");
    await rulesOf(node, "one", await backendOf(from)).sync(POD);
    const rules = rulesOf(node, "one", await backendOf(to));
    await rules.sync(POD);
    const all = () =>
      node.sh("iptables-legacy-save; iptables-nft-save; nft list ruleset inet");
    assert.equal((await all()).match(/10\.77\.0\.2/g)?.length, 1);
    await rules.remove();
    assert.doesNotMatch(await all(), /10\.77|ISTIO|hairpin/);
  });
}

Deno.test("HostRules.sync() says that its set is full, and leaves it as it was", async () => {
  await using node = await makeTestNetns();
  const rules = rulesOf(node, "one", nftables);
  await rules.sync(POD);
  const many = Array.from(
    { length: PROBED_PODS_MAX + 1 },
    (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}` as Ip,
  );
  await assert.rejects(
    rules.sync(many),
    /^RedirectError: Cannot run "nft -f -": exit code 1: .*Too many open files in system.*\(hint: the kernel has no room for the rules/,
  );
  assert.ok((await tablesOf(node)).endsWith(OWN_TABLE));
});
