/** ZDS as ztunnel itself speaks it, so that hairpin's answers can be held against it. */
import assert from "node:assert/strict";
import { encodeRequest } from "../../src/wire/inpod/mod.ts";
import { makeTestNetns } from "../support/test_netns.ts";
import { ZdsServer } from "../support/zds_server.ts";

const tools = Deno.env.get("HAIRPIN_TEST_TOOLS") || undefined;
if (tools === undefined) {
  console.log("ZDS with ztunnel is skipped: HAIRPIN_TEST_TOOLS is not set");
}
const test = (name: string, run: () => Promise<void>) =>
  Deno.test({ name, ignore: tools === undefined, fn: run });
const pod = { name: "web-0", namespace: "shop", serviceAccount: "web" };

/** ztunnel in a namespace of its own, connected to a server, and two pods. */
async function setUp() {
  const dir = await Deno.makeTempDir();
  const node = await makeTestNetns();
  const netns = await makeTestNetns();
  const server = new ZdsServer(`${dir}/ztunnel.sock`);
  await Deno.writeTextFile(`${dir}/state.yaml`, "workloads: []\n");
  const child = new Deno.Command("ip", {
    args: ["netns", "exec", node.name, `${tools}/ztunnel`],
    env: {
      FAKE_CA: "true",
      XDS_ADDRESS: "",
      LOCAL_XDS_PATH: `${dir}/state.yaml`,
      INPOD_UDS: server.path,
      NODE_NAME: "node-1",
      PROXY_MODE: "shared",
      ZTUNNEL_WORKER_THREADS: "1",
    },
    stdout: "null",
    stderr: "null",
  }).spawn();
  return {
    ...{ server, netns, ended: child.status },
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended by itself.
      }
      await child.status;
      server[Symbol.dispose]();
      await netns[Symbol.asyncDispose]();
      await node[Symbol.asyncDispose]();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

test("ztunnel takes and gives back pods as hairpin's client does", async () => {
  await using at = await setUp();
  using proxy = await at.server.accept();
  assert.equal(proxy.version, 1);
  assert.equal(await proxy.add("a", pod, at.netns.path), "");
  assert.equal(await proxy.add("a", pod, at.netns.path), "");
  assert.equal(await proxy.keep("b"), "");
  assert.equal(await proxy.snapshotSent(), "");
  assert.match(await at.netns.sh("ss -Hntl"), /:15008/);
  assert.equal(await proxy.delete("a"), "");
  assert.equal(await proxy.delete("unknown"), "");
});

test("ztunnel answers an add without descriptor and connects anew", async () => {
  await using at = await setUp();
  using proxy = await at.server.accept();
  await proxy.send(encodeRequest({ kind: "add", uid: "a", pod }));
  assert.match(
    await proxy.ack(),
    /^failure to read message : .*No control message/,
  );
  await proxy.ended();
  using again = await at.server.accept();
  assert.equal(await again.snapshotSent(), "");
});

test("ztunnel ends for a second snapshot", async () => {
  await using at = await setUp();
  using proxy = await at.server.accept();
  await proxy.snapshotSent();
  assert.match(await proxy.snapshotSent(), /^failure to process message : /);
  assert.equal((await at.ended).code, 1);
});
