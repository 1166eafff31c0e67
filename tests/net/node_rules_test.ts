/** The rules of a node, in namespaces of the test's own that stand for nodes. */
import assert from "node:assert/strict";
import type { Ip } from "../../src/model/address.ts";
import { NodeRules } from "../../src/redirect/node/mod.ts";
import { dupFd } from "../../src/sys/libc.ts";
import { makeTestNetns, type TestNetns } from "../support/test_netns.ts";

const POD = { ip: "10.0.0.1" as Ip, dns: true };

const rulesOf = ({ fd }: TestNetns): NodeRules =>
  new NodeRules({ ipv6: true, node: dupFd(fd) });

/** Waits until the kernel has taken a namespace's devices away. */
async function untilDeviceGone(node: TestNetns): Promise<void> {
  while ((await node.sh("ip -o link")).includes("hairpin-node")) {
    await node.sh("sleep 0.05");
  }
}

Deno.test("NodeRules put back what somebody else changed, and say what", async () => {
  await using node = await makeTestNetns();
  using rules = rulesOf(node);
  assert.deepEqual(await rules.apply([POD]), []);
  assert.deepEqual(await rules.apply([POD]), []);
  await node.sh("nft flush ruleset; ip rule del pref 98");
  const changed = await rules.apply([POD]);
  assert.match(
    changed[0] ?? "",
    /rule "pref 98 fwmark 0x111\/0xfff lookup 15006" is missing/,
  );
  assert.equal(changed.at(-1), "nftables, node: the tables were changed");
  assert.deepEqual(await rules.verify(), []);
});

Deno.test("NodeRules see what is changed while they are being written", async () => {
  for (let round = 0; round < 5; round++) {
    await using node = await makeTestNetns();
    using rules = rulesOf(node);
    const flushed = node.sh(
      "until nft list table ip6 hairpin-node; do :; done >/dev/null 2>&1; nft flush ruleset",
    );
    await rules.apply([POD]);
    await flushed;
    assert.notDeepEqual(await rules.verify(), []);
  }
});

Deno.test("NodeRules yield to a later process's, and come back after it", async () => {
  await using node = await makeTestNetns();
  using first = rulesOf(node);
  await first.apply([POD]);
  const second = rulesOf(node);
  try {
    await second.apply([POD]);
    await assert.rejects(first.apply([POD]), /another process does by now/);
    await first.remove();
    assert.deepEqual(await second.verify(), []);
  } finally {
    second[Symbol.dispose]();
  }
  await untilDeviceGone(node);
  assert.notDeepEqual(await first.apply([POD]), []);
  assert.deepEqual(await first.verify(), []);
  await first.remove();
  assert.equal(await node.sh("nft list tables"), "");
});
