import assert from "node:assert/strict";
import {
  applyRedirect,
  type BackendName,
  backendsHolding,
  chooseBackend,
  DEFAULT_REDIRECT_OPTIONS,
  nameOfBackend,
  type RedirectOptions,
  removeRedirect,
  runRedirect,
  verifyRedirect,
} from "../../src/redirect/mod.ts";
import { runCommand } from "../../src/sys/command.ts";
import {
  ISTIO_SCRIPT,
  NFT_TARGET,
  NFT_TARGET_OF_INGRESS,
  NFT_TARGET_WITH_DNS,
} from "../redirect/nft/target_state.ts";
import { makeTestNetns, type TestNetns } from "../support/test_netns.ts";

async function targetIn(
  pod: TestNetns,
  options: Partial<RedirectOptions> = {},
  choice: BackendName = "nftables",
) {
  return {
    netns: pod.fd,
    backend: await chooseBackend(runCommand, { ipv6: true, choice }),
    options: { ...DEFAULT_REDIRECT_OPTIONS, ...options },
  };
}

/** Without counts and blank lines. */
async function rulesetOf(pod: TestNetns): Promise<string> {
  const text = await pod.sh("nft list ruleset");
  return text.replace(/ packets \d+ bytes \d+/g, "").replace(/\n\n/g, "\n");
}

const routingOf = (pod: TestNetns): Promise<string> =>
  pod.sh(
    `for f in -4 -6; do ip $f rule; ip $f route show table 100 || true; done`,
  );

const states: [
  name: string,
  options: Partial<RedirectOptions>,
  wanted: string,
][] = [
  ["by default", {}, NFT_TARGET],
  ["with DNS capture", { dnsCapture: true }, NFT_TARGET_WITH_DNS],
  [
    "for an ingress gateway with a virtual interface",
    { ingressMode: true, virtualInterfaces: ["vnet+"] },
    NFT_TARGET_OF_INGRESS,
  ],
];
for (const [name, options, wanted] of states) {
  Deno.test(`applyRedirect() makes Istio's tables of nftables ${name}`, async () => {
    await using pod = await makeTestNetns();
    const target = await targetIn(pod, options);
    assert.equal(await applyRedirect(target), "created");
    assert.equal(await rulesetOf(pod), wanted);
    const routing = await routingOf(pod);
    const rule = /^32764:\s+from all fwmark 0x111\/0xfff lookup 100$/gm;
    assert.equal(routing.match(rule)?.length, 2);
    assert.equal(routing.match(/^local default dev lo/gm)?.length, 2);
    assert.deepEqual(await verifyRedirect(target), []);
    assert.equal(await applyRedirect(target), "adopted");
  });
}

Deno.test("applyRedirect() adopts what Istio's node agent has written by nftables", async () => {
  await using pod = await makeTestNetns();
  await pod.sh(`nft -f - <<'END'${ISTIO_SCRIPT}END`);
  const before = await pod.sh("nft -a list ruleset");
  const target = await targetIn(pod, { dnsCapture: true });
  assert.equal(await applyRedirect(target), "adopted");
  assert.equal(await pod.sh("nft -a list ruleset"), before);
});

Deno.test("applyRedirect() by nftables has no rule for IPv6 when told", async () => {
  await using pod = await makeTestNetns();
  const options = { ipv6: false, dnsCapture: true };
  await applyRedirect(await targetIn(pod, options));
  const rules = await rulesetOf(pod);
  assert.doesNotMatch(rules, /ip6/);
  assert.match(rules, /meta nfproto ipv4 oifname != "lo".* :15053/);
  assert.doesNotMatch(await pod.sh("ip -6 rule"), /32764/);
});

Deno.test("removeRedirect() leaves foreign tables of nftables and nothing else", async () => {
  await using pod = await makeTestNetns();
  await pod.sh(`nft -f - <<'END'
    table inet mine { chain out { type nat hook output priority -100; udp dport 99 redirect to :98; }; }
    table inet istio-ambient-natural { chain istio-output { }; }
    table ip nat { chain OUTPUT { type nat hook output priority -100; }; }
END
  ip rule add fwmark 0x5 lookup 77; ip route add local 10.9.9.0/24 dev lo table 100`);
  const before = [await rulesetOf(pod), await routingOf(pod)];
  const target = await targetIn(pod, { dnsCapture: true });
  assert.equal(await applyRedirect(target), "created");
  assert.equal(await removeRedirect(target), true);
  assert.deepEqual([await rulesetOf(pod), await routingOf(pod)], before);
  assert.equal(await removeRedirect(target), false);
});

const NAT = "inet istio-ambient-nat";
const dirt: [name: string, script: string, difference: RegExp][] = [
  [
    "a rule that is gone",
    `flush chain ${NAT} istio-prerouting`,
    /^inet istio-ambient-nat: rule "istio-prerouting meta l4proto tcp ip saddr 169\.254\.7\.127 counter accept" is missing$/,
  ],
  [
    "a rule more",
    `add rule ${NAT} istio-output udp dport 7 drop`,
    /rule "istio-output udp dport 7 counter drop" is not expected$/,
  ],
  [
    "a rule of words that it does not know",
    `insert rule ${NAT} istio-output ip daddr { 10.0.0.1, 10.0.0.2 } accept`,
    /rule "istio-output .*"set".* counter accept" is not expected$/,
  ],
  [
    "a rule in another place",
    `insert rule ${NAT} istio-prerouting ip daddr != 127.0.0.1 tcp dport != 15008 meta mark & 0xfff != 0x539 redirect to :15006; delete rule ${NAT} istio-prerouting handle HANDLE`,
    /" stands where "/,
  ],
  [
    "a jump that is gone",
    `flush chain ${NAT} output`,
    /rule "output counter jump istio-output" is missing$/,
  ],
  [
    "a chain in use that nobody planned",
    `add chain ${NAT} istio-old; add rule ${NAT} istio-output jump istio-old`,
    /chain istio-old is not expected$/,
  ],
  [
    "a base chain that drops",
    `add chain ${NAT} output { type nat hook output priority -100; policy drop; }`,
    /chain output is declared ".*policy drop;" instead of ".*policy accept;"$/,
  ],
  [
    "a table out of force",
    `add table ${NAT} { flags dormant; }`,
    /^inet istio-ambient-nat: the table has flags, and wants none$/,
  ],
  [
    "a table of an earlier plan",
    "add table inet istio-ambient-raw; add chain inet istio-ambient-raw istio-output",
    /^inet istio-ambient-raw: the table is not expected$/,
  ],
  [
    "a table that is gone",
    "delete table inet istio-ambient-mangle",
    /^inet istio-ambient-mangle: the table is missing$/,
  ],
];
for (const [name, script, difference] of dirt) {
  Deno.test(`applyRedirect() by nftables repairs ${name}`, async () => {
    await using pod = await makeTestNetns();
    await pod.sh("nft add table inet mine; nft add chain inet mine in");
    const target = await targetIn(pod);
    await applyRedirect(target);
    const before = await pod.sh("nft list tables");
    const listed = await pod.sh(`nft -a list chain ${NAT} istio-prerouting`);
    const handle = /ip daddr != .*:15006 # handle (\d+)/.exec(listed)![1]!;
    await pod.sh(`nft '${script.replace("HANDLE", handle)}'`);
    const found = await verifyRedirect(target);
    assert.ok(found.some((one) => difference.test(one)), found.join("\n"));
    assert.equal(await applyRedirect(target), "repaired");
    assert.deepEqual(await verifyRedirect(target), []);
    const sorted = (text: string) => text.split("\n").sort();
    const after = await pod.sh("nft list tables");
    assert.deepEqual(sorted(after), sorted(before));
  });
}

const NAMES = ["iptables-legacy", "iptables-nft", "nftables"] as const;
const changes = NAMES.flatMap((from) =>
  NAMES.filter((to) => to !== from).map((to) => [from, to] as const)
);
for (const [from, to] of changes) {
  Deno.test(`applyRedirect() replaces the rules of ${from} by those of ${to}`, async () => {
    await using pod = await makeTestNetns();
    const options = { dnsCapture: true };
    const [before, after] = [
      await targetIn(pod, options, from),
      await targetIn(pod, options, to),
    ];
    assert.equal(await applyRedirect(before), "created");
    assert.equal(await applyRedirect(after), "replaced");
    assert.deepEqual((await backendsHolding(pod.fd)).map(nameOfBackend), [to]);
    assert.deepEqual(await verifyRedirect(after), []);
    assert.equal(await applyRedirect(after), "adopted");
    assert.notDeepEqual(await verifyRedirect(before), []);
    assert.equal(await removeRedirect(before), true);
    assert.deepEqual(await backendsHolding(pod.fd), []);
  });
}

Deno.test("verifyRedirect() names another backend that holds rules too", async () => {
  await using pod = await makeTestNetns();
  const target = await targetIn(pod);
  await applyRedirect(target);
  await pod.sh("iptables-legacy -t nat -N ISTIO_OUTPUT");
  assert.deepEqual(await verifyRedirect(target), [
    "iptables-legacy holds redirection rules, where only nftables should",
  ]);
  assert.equal(await applyRedirect(target), "replaced");
  assert.deepEqual(await verifyRedirect(target), []);
});

for (const backend of NAMES) {
  Deno.test(`runRedirect() takes ${backend} when told, and knows it again when not`, async () => {
    await using pod = await makeTestNetns();
    const request = { netns: pod.path, dryRun: false, ipv6: true };
    const applied = await runRedirect({ ...request, action: "apply", backend });
    assert.deepEqual(applied, {
      exitCode: 0,
      lines: [`redirection created in ${pod.path}, by ${backend}`],
    });
    assert.deepEqual(await runRedirect({ ...request, action: "verify" }), {
      exitCode: 0,
      lines: [`redirection in ${pod.path} is as planned, by ${backend}`],
    });
    const again = await runRedirect({ ...request, action: "apply" });
    assert.deepEqual(again.lines, [
      `redirection adopted in ${pod.path}, by ${backend}`,
    ]);
    const remove = { ...request, action: "remove" } as const;
    assert.deepEqual((await runRedirect(remove)).lines, [
      `redirection removed from ${pod.path}`,
    ]);
    assert.deepEqual((await runRedirect(remove)).lines, [
      `no redirection in ${pod.path}`,
    ]);
  });
}

Deno.test("runRedirect() only says what it would do by nftables in a dry run", async () => {
  await using pod = await makeTestNetns();
  const request = { netns: pod.path, dryRun: true, ipv6: true } as const;
  const backend = "nftables";
  const { lines } = await runRedirect({ ...request, action: "apply", backend });
  assert.ok(lines.includes("nft -f - <<END"));
  assert.equal(await rulesetOf(pod), "");
  // What it says, a shell does.
  await pod.sh(lines.join("\n"));
  const dry = await runRedirect({ ...request, action: "apply" });
  assert.deepEqual(dry.lines, ["nothing to do"]);
  const removal = await runRedirect({ ...request, action: "remove" });
  await pod.sh(removal.lines.join("\n"));
  assert.equal(await rulesetOf(pod), "");
  assert.doesNotMatch(await routingOf(pod), /32764|local default/);
  const nothing = await runRedirect({ ...request, action: "remove" });
  assert.deepEqual(nothing.lines, ["nothing to remove"]);
});

Deno.test("applyRedirect() by nftables reads its tables beside one of flags", async () => {
  await using pod = await makeTestNetns();
  const target = await targetIn(pod);
  // Behind and before ours: nftables 1.0 stops printing at flags, at times.
  await pod.sh("nft 'add table inet before { flags dormant; }'");
  assert.equal(await applyRedirect(target), "created");
  await pod.sh("nft 'add table inet behind { flags dormant; }'");
  assert.deepEqual(await verifyRedirect(target), []);
  assert.equal(await applyRedirect(target), "adopted");
  await pod.sh(
    "nft delete table inet before; nft flush chain inet istio-ambient-nat output",
  );
  assert.equal(await applyRedirect(target), "repaired");
  assert.deepEqual(await verifyRedirect(target), []);
  assert.equal(await removeRedirect(target), true);
  assert.equal(await pod.sh("nft list tables"), "table inet behind\n");
});
