/** Pods with `hostUsers: false`, whose network belongs to a user namespace of their own. */
import assert from "node:assert/strict";
import { findPodNetns } from "../../src/control/find_pod_netns.ts";
import {
  applyRedirectToOpen,
  chooseBackend,
  DEFAULT_REDIRECT_OPTIONS,
  removeRedirect,
  verifyRedirect,
} from "../../src/redirect/mod.ts";
import { runCommand } from "../../src/sys/command.ts";
import { closeFd } from "../../src/sys/libc.ts";
import { netnsAddresses, netnsId } from "../../src/sys/netns.ts";
import { ip } from "../support/sample_mesh.ts";
import {
  echoServer,
  joinNetns,
  openConnection,
} from "../support/open_connection.ts";
import { makeTestNetns, makeUserTestNetns, sh } from "../support/test_netns.ts";

const ROOT = new URL("../..", import.meta.url).href;
const BACKENDS = ["iptables-nft", "iptables-legacy", "nftables"] as const;

const userNamespace = (pid: number | "self") =>
  Deno.readLink(`/proc/${pid}/ns/user`);

Deno.test("makeUserTestNetns() is in another user namespace, where root is nobody of the machine", async () => {
  await using pod = await makeUserTestNetns();
  assert.notEqual(await userNamespace(pod.pid), await userNamespace("self"));
  assert.match(await Deno.readTextFile(`/proc/${pod.pid}/uid_map`), /1000000/);
});

Deno.test("a user namespace's network is found by its processes, and entered", async () => {
  await using pod = await makeUserTestNetns();
  await using peer = await makeTestNetns();
  await joinNetns(peer, pod);
  const root = await Deno.makeTempDir({ prefix: "hairpin-proc-" });
  try {
    const uid = crypto.randomUUID();
    await Deno.mkdir(`${root}/${pod.pid}/ns`, { recursive: true });
    const cgroup = `0::/kubepods/pod${uid}/${"a".repeat(64)}\n`;
    await Deno.writeTextFile(`${root}/${pod.pid}/cgroup`, cgroup);
    // Everything but the cgroup is the process's own.
    for (const name of ["stat", "ns/net"]) {
      const target = `/proc/${pod.pid}/${name}`;
      await Deno.symlink(target, `${root}/${pod.pid}/${name}`);
    }
    const found = findPodNetns(new Map([[uid, [ip("10.77.0.2")]]]), root);
    const netns = found.get(uid);
    assert.ok(netns !== undefined);
    assert.equal(netnsId(netns), netnsId(pod.fd));
    assert.ok(netnsAddresses(netns).includes("10.77.0.2"));
    closeFd(netns);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

for (const choice of BACKENDS) {
  Deno.test(`a user namespace's network is redirected by ${choice}, and what it has open is kept`, async () => {
    await using pod = await makeUserTestNetns();
    await using peer = await makeTestNetns();
    await joinNetns(peer, pod);
    await using _server = await echoServer(pod);
    await using kept = await openConnection(peer, "10.77.0.2");
    const backend = await chooseBackend(runCommand, { ipv6: true, choice });
    const target = {
      netns: pod.fd,
      backend,
      options: DEFAULT_REDIRECT_OPTIONS,
    };
    const { outcome, open } = await applyRedirectToOpen(target, "keep");
    assert.equal(outcome, "created");
    assert.deepEqual(await verifyRedirect(target), []);
    assert.deepEqual(open.connections.map(({ fate }) => fate), ["kept"]);
    assert.equal(await kept.ask(), "echo");
    assert.equal(await removeRedirect(target), true);
  });

  Deno.test(`what a user namespace has open is reset beside ${choice}`, async () => {
    await using pod = await makeUserTestNetns();
    await using peer = await makeTestNetns();
    await joinNetns(peer, pod);
    await using _server = await echoServer(pod);
    await using reset = await openConnection(peer, "10.77.0.2");
    const backend = await chooseBackend(runCommand, { ipv6: true, choice });
    const options = DEFAULT_REDIRECT_OPTIONS;
    const target = { netns: pod.fd, backend, options };
    const { open } = await applyRedirectToOpen(target, "reset");
    assert.deepEqual(open.connections.map(({ fate }) => fate), ["reset"]);
    assert.notEqual(await reset.ask(), "echo");
  });
}

Deno.test("a network that this process has no right to is named with what it wants", async () => {
  await using pod = await makeUserTestNetns();
  const script = `
    import { inNetns, openNetns } from "${ROOT}src/sys/netns.ts";
    try {
      inNetns(openNetns("${pod.path}"), () => {});
    } catch (error) {
      console.log(error.message);
    }`;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, script);
    // Root of another user namespace: what it is to this one, any user is.
    const run =
      `unshare --user --map-root-user ${Deno.execPath()} run -A --no-lock ${file}`;
    assert.match(
      await sh(run),
      /^Cannot enter network namespace ".*CAP_SYS_ADMIN in the user namespace/,
    );
  } finally {
    await Deno.remove(file);
  }
});
