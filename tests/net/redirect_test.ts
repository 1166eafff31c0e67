import assert from "node:assert/strict";
import {
  applyRedirect,
  chooseIptables,
  DEFAULT_REDIRECT_OPTIONS,
  type RedirectOptions,
  removeRedirect,
  runRedirect,
  verifyRedirect,
} from "../../src/redirect/mod.ts";
import { parseRuleset } from "../../src/redirect/ruleset.ts";
import { runCommand } from "../../src/sys/command.ts";
import { TARGET, TARGET_WITH_DNS } from "../redirect/target_state.ts";
import { makeTestNetns, type TestNetns } from "../support/test_netns.ts";

/** Those of iptables; native nftables has tests of its own. */
const backends = ["nft", "legacy"] as const;

async function targetIn(
  pod: TestNetns,
  backend: typeof backends[number],
  options: Partial<RedirectOptions> = {},
) {
  return {
    netns: pod.fd,
    backend: await chooseIptables(runCommand, { ipv6: true, forced: backend }),
    options: { ...DEFAULT_REDIRECT_OPTIONS, ...options },
  };
}

/** What `iptables-save` says, less tables without a rule or a chain of one's own. */
function tablesIn(text: string) {
  const { tables } = parseRuleset(text);
  return new Map(
    [...tables].filter(([, { chains }]) =>
      [...chains.values()].some(({ policy, rules }) =>
        policy === undefined || policy === "DROP" || rules.length > 0
      )
    ).sort(),
  );
}

/** Rules and routing of both families. */
async function stateOf(pod: TestNetns, backend: string) {
  const saves = [];
  for (const name of ["iptables", "ip6tables"]) {
    saves.push(tablesIn(await pod.sh(`${name}-${backend}-save`)));
  }
  const routing = await pod.sh(
    `for f in -4 -6; do ip $f rule; ip $f route show table 100 || true; done`,
  );
  return { saves, routing };
}

for (const backend of backends) {
  for (const dnsCapture of [false, true]) {
    Deno.test(`applyRedirect() makes Istio's state, ${backend}, DNS capture ${dnsCapture}`, async () => {
      await using pod = await makeTestNetns();
      const target = await targetIn(pod, backend, { dnsCapture });
      assert.equal(await applyRedirect(target), "created");
      const { saves, routing } = await stateOf(pod, backend);
      const wanted = dnsCapture ? TARGET_WITH_DNS : TARGET;
      assert.deepEqual(saves, [tablesIn(wanted[4]), tablesIn(wanted[6])]);
      const rule = /^32764:\s+from all fwmark 0x111\/0xfff lookup 100$/gm;
      assert.equal(routing.match(rule)?.length, 2);
      assert.match(routing, /^local default dev lo scope host/m);
      assert.match(routing, /^local default dev lo metric 1024/m);
    });
  }

  Deno.test(`applyRedirect() adopts what is there, ${backend}`, async () => {
    await using pod = await makeTestNetns();
    const target = await targetIn(pod, backend);
    await applyRedirect(target);
    await pod.sh("curl -s 127.0.0.2:9 || true");
    // A rule that is written anew counts from 0.
    const countersOf = () => pod.sh(`iptables-${backend}-save -c -t nat`);
    const counted = (text: string) => text.match(/^\[1:60\] -A .*/gm);
    const before = counted(await countersOf());
    assert.ok(before !== null && before.length > 0);
    assert.equal(await applyRedirect(target), "adopted");
    assert.deepEqual(counted(await countersOf()), before);
  });

  Deno.test(`removeRedirect() leaves foreign rules and nothing else, ${backend}`, async () => {
    await using pod = await makeTestNetns();
    await pod.sh(`
      for i in iptables-${backend} ip6tables-${backend}; do
        $i -t nat -N KUBE-OWN
        $i -t nat -A OUTPUT -p udp --dport 99 -m comment --comment "its \\"own\\" rule" -j KUBE-OWN
        $i -t mangle -A PREROUTING -p udp -j ACCEPT
        $i -t filter -P FORWARD DROP
      done
      ip rule add fwmark 0x5 lookup 77; ip route add local 10.9.9.0/24 dev lo table 100`);
    const before = await stateOf(pod, backend);
    const target = await targetIn(pod, backend, { dnsCapture: true });
    assert.equal(await applyRedirect(target), "created");
    assert.deepEqual(await verifyRedirect(target), []);
    assert.equal(await removeRedirect(target), true);
    assert.deepEqual(await stateOf(pod, backend), before);
    assert.equal(await removeRedirect(target), false);
  });

  const dirt: [name: string, script: string][] = [
    ["a rule that is gone", "-t nat -D ISTIO_OUTPUT 3"],
    ["a rule more", "-t nat -A ISTIO_PRERT -p udp -j ACCEPT"],
    ["a jump that is gone", "-t mangle -D OUTPUT -j ISTIO_OUTPUT"],
    [
      "an old chain in use",
      "-t nat -N ISTIO_OLD; $i -t nat -A ISTIO_OUTPUT -j ISTIO_OLD; $i -t nat -A OUTPUT -j ISTIO_OLD",
    ],
    [
      "a table of an earlier plan",
      "-t raw -N ISTIO_PRERT; $i -t raw -A PREROUTING -j ISTIO_PRERT",
    ],
    [
      "guardrails of a repair cut short",
      "-t filter -I INPUT 1 -p tcp -m comment --comment hairpin-guardrail -j DROP",
    ],
  ];
  for (const [name, script] of dirt) {
    Deno.test(`applyRedirect() repairs ${name}, ${backend}`, async () => {
      await using pod = await makeTestNetns();
      const target = await targetIn(pod, backend);
      await pod.sh(
        `iptables-${backend} -t nat -A OUTPUT -p udp --dport 99 -j ACCEPT`,
      );
      await applyRedirect(target);
      const before = await stateOf(pod, backend);
      await pod.sh(`i=ip6tables-${backend}; $i ${script}`);
      assert.notDeepEqual(await verifyRedirect(target), []);
      assert.equal(await applyRedirect(target), "repaired");
      assert.deepEqual(await verifyRedirect(target), []);
      assert.deepEqual(await stateOf(pod, backend), before);
    });
  }
}

Deno.test("verifyRedirect() names what is wrong", async () => {
  await using pod = await makeTestNetns();
  const target = await targetIn(pod, "nft");
  await applyRedirect(target);
  await pod.sh(`
    iptables-nft -t nat -R ISTIO_PRERT 1 -s 169.254.7.128 -p tcp -j ACCEPT
    ip -6 rule del pref 32764
    ip route del local default dev lo table 100`);
  assert.deepEqual(await verifyRedirect(target), [
    'IPv4 nat: rule "-A ISTIO_PRERT -s 169.254.7.127/32 -p tcp -m tcp -j ACCEPT" is missing',
    'IPv4 nat: rule "-A ISTIO_PRERT -s 169.254.7.128/32 -p tcp -j ACCEPT" is not expected',
    'IPv4: route "local 0.0.0.0/0 dev lo table 100" is missing',
    'IPv6: rule "fwmark 0x111/0xfff pref 32764 lookup 100" is missing',
  ]);
});

Deno.test("applyRedirect() writes no IPv6 route where the loopback has none", async () => {
  await using pod = await makeTestNetns();
  await pod.sh("echo 1 > /proc/sys/net/ipv6/conf/lo/disable_ipv6");
  const target = await targetIn(pod, "nft");
  assert.equal(await applyRedirect(target), "created");
  assert.deepEqual(await verifyRedirect(target), []);
});

Deno.test("applyRedirect() leaves IPv6 alone when told", async () => {
  await using pod = await makeTestNetns();
  await applyRedirect(await targetIn(pod, "nft", { ipv6: false }));
  const { saves } = await stateOf(pod, "nft");
  assert.deepEqual(saves, [tablesIn(TARGET[4]), new Map()]);
});

Deno.test("applyRedirect() says what to do when the loopback is down", async () => {
  await using pod = await makeTestNetns();
  await pod.sh("ip link set lo down");
  await assert.rejects(
    applyRedirect(await targetIn(pod, "nft")),
    /^RedirectError: Cannot run "ip -6 route replace .*: Error: .*\(hint: bring up the interface lo of the namespace\); the pod is as it was before$/,
  );
});

Deno.test("runRedirect() applies, verifies and removes by path", async () => {
  await using pod = await makeTestNetns();
  const request = { netns: pod.path, dryRun: false, ipv6: true };
  const run = (action: "apply" | "verify" | "remove") =>
    runRedirect({ ...request, action });
  const missing = await run("verify");
  assert.equal(missing.exitCode, 1);
  assert.ok(missing.lines.includes("IPv4 nat: chain ISTIO_OUTPUT is missing"));
  const applied = await run("apply");
  assert.equal(applied.exitCode, 0);
  assert.match(applied.lines[0]!, /^redirection created in .*, by iptables-/);
  assert.equal((await run("verify")).exitCode, 0);
  assert.deepEqual(await run("remove"), {
    exitCode: 0,
    lines: [`redirection removed from ${pod.path}`],
  });
  assert.deepEqual((await run("remove")).lines, [
    `no redirection in ${pod.path}`,
  ]);
});

Deno.test("runRedirect() only says what it would do in a dry run", async () => {
  await using pod = await makeTestNetns();
  const request = { netns: pod.path, dryRun: true, ipv6: true };
  const before = await stateOf(pod, "nft");
  const { lines } = await runRedirect({ ...request, action: "apply" });
  assert.ok(
    lines.includes("ip -6 rule add fwmark 0x111/0xfff pref 32764 lookup 100"),
  );
  assert.ok(lines.includes("-N ISTIO_PRERT"));
  assert.deepEqual(await stateOf(pod, "nft"), before);
  await runRedirect({ ...request, dryRun: false, action: "apply" });
  const again = await runRedirect({ ...request, action: "apply" });
  assert.deepEqual(again.lines, ["nothing to do"]);
  const remove = await runRedirect({ ...request, action: "remove" });
  assert.ok(remove.lines.includes("-X ISTIO_PRERT"));
  assert.equal(
    (await runRedirect({ ...request, action: "verify" })).exitCode,
    0,
  );
});

const refused: [name: string, netns: string, message: RegExp][] = [
  [
    "a path that is not there",
    "/var/run/netns/no-such",
    /^Cannot open "\/var\/run\/netns\/no-such": No such file/,
  ],
  [
    "a file that is no namespace",
    "/dev/null",
    /^Cannot use as a network namespace "\/dev\/null"/,
  ],
  [
    "its own namespace",
    "/proc/self/ns/net",
    /^Cannot redirect "\/proc\/self\/ns\/net": hairpin itself runs in/,
  ],
];
for (const [name, netns, message] of refused) {
  Deno.test(`runRedirect() reports ${name}`, async () => {
    const request = { action: "apply", dryRun: false, ipv6: true } as const;
    const { exitCode, lines } = await runRedirect({ ...request, netns });
    assert.equal(exitCode, 1);
    assert.match(lines[0]!, message);
  });
}
