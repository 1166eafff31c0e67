/**
 * One thing broken at a time, in real namespaces: a pod is then as it was, or
 * says by its rules what it is, and the message names what to do.
 */
import assert from "node:assert/strict";
import {
  applyRedirect,
  type Backend,
  type BackendName,
  backendsHolding,
  chooseBackend,
  DEFAULT_REDIRECT_OPTIONS,
  type Iptables,
  nameOfBackend,
  removeRedirect,
  runRedirect,
  verifyRedirect,
} from "../../src/redirect/mod.ts";
import { runCommand } from "../../src/sys/command.ts";
import { openNetns } from "../../src/sys/netns.ts";
import { closeFd } from "../../src/sys/libc.ts";
import {
  Programs,
  TableOwner,
  withRestore,
  XtablesLock,
} from "../support/rule_faults.ts";
import { makeTestNetns, sh, type TestNetns } from "../support/test_netns.ts";

const BACKENDS = ["iptables-legacy", "iptables-nft", "nftables"] as const;

const backendOf = (choice: BackendName) =>
  chooseBackend(runCommand, { ipv6: true, choice });

const options = { ...DEFAULT_REDIRECT_OPTIONS, dnsCapture: true };

/** Rules and routing, without counts. */
async function stateOf(pod: TestNetns): Promise<string> {
  const text = await pod.sh(`
    for i in iptables ip6tables; do $i-nft-save; $i-legacy-save; done
    nft list ruleset inet
    for f in -4 -6; do ip $f rule; ip $f route show table 100 || true; done`);
  return text.replace(/packets \d+ bytes \d+|\[\d+:\d+\]/g, "")
    .split("\n").filter((line) => !/^(#|:[A-Z]+ |\*|COMMIT|$)/.test(line))
    .join("\n");
}

/** The same backend, whose writing passes through `script`; `$real` is the program that writes. */
async function writingBy(
  programs: Programs,
  backend: Backend,
  script: string,
): Promise<Backend> {
  const put = (real: string, isWriting: string) =>
    programs.put(real, `real=${real}\n${isWriting}${script}`);
  if (backend.kind === "nftables") {
    const reading = `[ "$1" = -f ] || exec $real "$@"\n`;
    return { kind: "nftables", nft: await put("nft", reading) };
  }
  const [four, six] = [backend[4].restore, backend[6].restore];
  return withRestore(backend, await put(four, ""), await put(six, ""));
}

const DROPPED = "setpriv --bounding-set=-net_admin,-net_raw --";

/** Faults of writing, each with what its message says. */
const faults: [name: string, script: string, message: RegExp][] = [
  [
    "a capability is missing",
    `exec ${DROPPED} $real "$@"`,
    /\(hint: hairpin needs CAP_NET_ADMIN/,
  ],
  [
    "the program runs out of memory",
    `ulimit -v 3000; exec $real "$@"`,
    /failed to map segment|cannot allocate memory/i,
  ],
  [
    "the kernel has no space left",
    `cat >/dev/null; echo "netlink: Error: No space left on device" >&2; exit 1`,
    /No space left on device \(hint: the kernel has no room for the rules: /,
  ],
  [
    "the kernel has no memory left",
    `cat >/dev/null; echo "netlink: Error: Could not process rule: Cannot allocate memory" >&2; exit 1`,
    /Cannot allocate memory \(hint: the kernel has no room for the rules: /,
  ],
];

for (const name of BACKENDS) {
  for (const [fault, script, message] of faults) {
    Deno.test(`applyRedirect() leaves a pod as it was when ${fault}, ${name}`, async () => {
      await using pod = await makeTestNetns();
      await using programs = await Programs.make();
      const real = await backendOf(name);
      const backend = await writingBy(programs, real, script);
      const before = await stateOf(pod);
      const target = { netns: pod.fd, backend, options };
      await assert.rejects(applyRedirect(target), (reason) => {
        assert.match(`${reason}`, message);
        assert.match(`${reason}`, /; the pod is as it was before$/);
        assert.doesNotMatch(`${reason}`, /\n/);
        return true;
      });
      assert.equal(await stateOf(pod), before);
      // With the cause mended, the same call succeeds.
      const mended = { ...target, backend: real };
      assert.equal(await applyRedirect(mended), "created");
      assert.deepEqual(await verifyRedirect(mended), []);
    });
  }

  Deno.test(`applyRedirect() leaves a pod of another backend redirected when writing fails, ${name}`, async () => {
    await using pod = await makeTestNetns();
    await using programs = await Programs.make();
    const other = await backendOf(
      name === "nftables" ? "iptables-nft" : "nftables",
    );
    const held = { netns: pod.fd, backend: other, options };
    await applyRedirect(held);
    const before = await stateOf(pod);
    const script = `exec ${DROPPED} $real "$@"`;
    const backend = await writingBy(programs, await backendOf(name), script);
    await assert.rejects(
      applyRedirect({ ...held, backend }),
      /; the pod is as it was before$/,
    );
    assert.equal(await stateOf(pod), before);
    assert.deepEqual(await verifyRedirect(held), []);
  });
}

const missing: [name: BackendName, program: string, hint: string][] = [
  ["iptables-legacy", "iptables-legacy-restore", "iptables"],
  ["iptables-nft", "ip6tables-nft-restore", "iptables"],
  ["nftables", "nft", "nftables"],
];
for (const [name, program, hint] of missing) {
  Deno.test(`applyRedirect() names the package of ${program} when it is missing`, async () => {
    await using pod = await makeTestNetns();
    await using programs = await Programs.make();
    const gone = `${programs.folder}/${program}`;
    const real = await backendOf(name);
    const backend: Backend = real.kind === "nftables"
      ? { kind: "nftables", nft: gone }
      : program.startsWith("ip6")
      ? withRestore(real, real[4].restore, gone)
      : withRestore(real, gone, real[6].restore);
    const before = await stateOf(pod);
    await assert.rejects(
      applyRedirect({ netns: pod.fd, backend, options }),
      new RegExp(`no such program \\(hint: install the ${hint} package\\)`),
    );
    assert.equal(await stateOf(pod), before);
  });
}

Deno.test("applyRedirect() leaves a pod as it was when its second family cannot be written", async () => {
  for (const name of ["iptables-legacy", "iptables-nft"] as const) {
    await using pod = await makeTestNetns();
    const real = await backendOf(name) as Iptables;
    const backend = withRestore(real, real[4].restore, "false");
    const before = await stateOf(pod);
    await assert.rejects(
      applyRedirect({ netns: pod.fd, backend, options }),
      /Cannot run "false .*; the pod is as it was before$/,
    );
    assert.equal(await stateOf(pod), before);
  }
});

Deno.test("applyRedirect() keeps a pod stopped whose rules are half replaced, and says so", async () => {
  for (const name of ["iptables-legacy", "iptables-nft"] as const) {
    await using pod = await makeTestNetns();
    await using programs = await Programs.make();
    const real = await backendOf(name) as Iptables;
    const target = { netns: pod.fd, backend: real, options };
    await applyRedirect(target);
    await pod.sh(`ip6tables-${real.variant} -t nat -F ISTIO_PRERT`);
    // The guardrails can be written, what follows them cannot.
    const restore = real[6].restore;
    const script = `text=$(cat)
      case $text in *guardrail*) echo "$text" | ${restore} "$@"; exit ;; esac
      exit 1`;
    const six = await programs.put("restore", script);
    const backend = withRestore(real, real[4].restore, six);
    await assert.rejects(
      applyRedirect({ ...target, backend }),
      /the pod's TCP and UDP stay stopped, since its rules are half replaced \(hint: mend the cause, then "hairpin redirect apply" or "hairpin redirect remove"\)$/,
    );
    const found = await verifyRedirect(target);
    assert.ok(found.some((one) => /left by a repair cut short$/.test(one)));
    assert.match(
      await pod.sh("curl -sS -m 1 127.0.0.1:9 2>&1 || true"),
      /timed out/,
    );
    assert.equal(await applyRedirect(target), "repaired");
    assert.deepEqual(await verifyRedirect(target), []);
    assert.doesNotMatch(await stateOf(pod), /guardrail/);
  }
});

Deno.test("applyRedirect() waits for another program that holds the xtables lock", async () => {
  await using pod = await makeTestNetns();
  await using lock = await XtablesLock.hold();
  const real = await backendOf("iptables-legacy") as Iptables;
  const target = {
    netns: pod.fd,
    options,
    backend: await lock.under(real, 30),
  };
  let isOver = false;
  const over = applyRedirect(target).then((outcome) => {
    isOver = true;
    return outcome;
  });
  await lock.untilAskedFor();
  assert.equal(isOver, false);
  await lock.held.unlock();
  assert.equal(await over, "created");
});

Deno.test("applyRedirect() leaves a pod as it was when the xtables lock stays held", async () => {
  await using pod = await makeTestNetns();
  await using lock = await XtablesLock.hold();
  const real = await backendOf("iptables-legacy") as Iptables;
  const before = await stateOf(pod);
  const backend = await lock.under(real, 1);
  await assert.rejects(
    applyRedirect({ netns: pod.fd, options, backend }),
    /Can't lock .*\(hint: another program is changing rules, try again\); the pod is as it was before$/,
  );
  assert.equal(await stateOf(pod), before);
});

Deno.test("applyRedirect() by nftables leaves a pod as it was when another program owns its table", async () => {
  await using pod = await makeTestNetns();
  await using owner = await TableOwner.start(pod, "istio-ambient-nat");
  const before = await stateOf(pod);
  const target = {
    netns: pod.fd,
    backend: await backendOf("nftables"),
    options,
  };
  await assert.rejects(
    applyRedirect(target),
    /Cannot run "nft -f -": exit code 1: .*Operation not permitted/,
  );
  assert.equal(await stateOf(pod), before);
  await owner.end();
  assert.equal(await applyRedirect(target), "created");
});

for (const name of BACKENDS) {
  Deno.test(`applyRedirect() mends what a crash has left half-written, ${name}`, async () => {
    await using pod = await makeTestNetns();
    const target = { netns: pod.fd, backend: await backendOf(name), options };
    const whole = await stateAfter(pod, target);
    await removeRedirect(target);
    const clean = await stateOf(pod);
    for (const script of halves(name)) {
      await pod.sh(script);
      assert.notDeepEqual(await verifyRedirect(target), []);
      assert.deepEqual(
        (await backendsHolding(pod.fd)).map(nameOfBackend),
        /ip rule/.test(script) ? [] : [name],
      );
      await applyRedirect(target);
      assert.equal(await stateOf(pod), whole);
      await removeRedirect(target);
      await pod.sh(script);
      assert.equal(await removeRedirect(target), true);
      assert.equal(await stateOf(pod), clean);
    }
  });
}

async function stateAfter(
  pod: TestNetns,
  target: Parameters<typeof applyRedirect>[0],
): Promise<string> {
  await applyRedirect(target);
  return await stateOf(pod);
}

/** Each what one command of an apply leaves, when the next never runs. */
function halves(name: BackendName): string[] {
  const routing = "ip rule add fwmark 0x111/0xfff pref 32764 lookup 100";
  if (name === "nftables") {
    return [
      routing,
      "nft add table inet istio-ambient-nat; nft add chain inet istio-ambient-nat istio-output",
    ];
  }
  const variant = name.slice("iptables-".length);
  return [
    routing,
    `iptables-${variant} -t mangle -N ISTIO_PRERT; iptables-${variant} -t mangle -A PREROUTING -j ISTIO_PRERT`,
    `ip6tables-${variant} -t filter -I OUTPUT 1 -p tcp -m comment --comment hairpin-guardrail -j DROP`,
  ];
}

Deno.test("applyRedirect() is not hindered when the pod's namespace loses its name in the middle", async () => {
  for (const name of BACKENDS) {
    await using pod = await makeTestNetns();
    const other = `${pod.name}-gone`;
    await sh(`ip netns add ${other} && ip -n ${other} link set lo up`);
    const netns = openNetns(`/var/run/netns/${other}`);
    try {
      await sh(`ip netns del ${other}`);
      const target = { netns, backend: await backendOf(name), options };
      assert.equal(await applyRedirect(target), "created");
      assert.deepEqual(await verifyRedirect(target), []);
    } finally {
      closeFd(netns);
    }
    const request = {
      dryRun: false,
      ipv6: true,
      netns: `/var/run/netns/${other}`,
    };
    for (const action of ["apply", "verify", "remove"] as const) {
      const { exitCode, lines } = await runRedirect({ ...request, action });
      assert.equal(exitCode, 1);
      assert.match(
        lines.join("\n"),
        /^Cannot open ".*-gone": No such file or directory/,
      );
    }
  }
});
