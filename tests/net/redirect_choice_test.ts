/** The backend that a node uses already, asked of real programs in a namespace that plays the node. */
import assert from "node:assert/strict";
import { chooseIptables } from "../../src/redirect/mod.ts";
import { runCommand } from "../../src/sys/command.ts";
import { makeTestNetns, type TestNetns } from "../support/test_netns.ts";

const chosenIn = async (node: TestNetns): Promise<string> => {
  const run: typeof runCommand = (program, args, options) =>
    runCommand(program, args, { ...options, netns: node.fd });
  return (await chooseIptables(run, { ipv6: true })).variant;
};

const legacyRules = (node: TestNetns) =>
  node.sh("iptables-legacy-save; ip6tables-legacy-save");

Deno.test("chooseIptables() takes nft where legacy holds nothing, and leaves it so", async () => {
  await using node = await makeTestNetns();
  // Older kernels give every namespace legacy's tables.
  const expected = await legacyRules(node) === "" ? "nft" : "legacy";
  for (const _ of [1, 2]) assert.equal(await chosenIn(node), expected);
  assert.equal(await legacyRules(node) === "", expected === "nft");
  assert.doesNotMatch(await node.sh("iptables-nft-save"), / 255 /);
});

Deno.test("chooseIptables() takes legacy where another program keeps its rules in it", async () => {
  await using node = await makeTestNetns();
  await node.sh("iptables-legacy -t nat -A POSTROUTING -j MASQUERADE");
  assert.equal(await chosenIn(node), "legacy");
  assert.doesNotMatch(await legacyRules(node), / 255 /);
  await node.sh("iptables-legacy -t nat -C POSTROUTING -j MASQUERADE");
});
