/** The kernel tells of changes to a node's rules, whoever makes them. */
import assert from "node:assert/strict";
import { NodeRuleWatch } from "../../src/control/node_rule_watch.ts";
import { makeTestNetns } from "../support/test_netns.ts";

const changes: [name: string, before: string, change: string][] = [
  [
    "a table taken away",
    "nft add table ip hairpin-node",
    "nft delete table ip hairpin-node",
  ],
  ["all rules flushed", "nft add table ip hairpin-node", "nft flush ruleset"],
  [
    "a rule of routing deleted",
    "ip rule add pref 98 fwmark 0x111 lookup 15006",
    "ip rule del pref 98",
  ],
  [
    "a route deleted",
    "ip route add blackhole default table 15006",
    "ip route flush table 15006",
  ],
  [
    "the device gone",
    "ip link add hairpin-node type veth peer name other",
    "ip link del hairpin-node",
  ],
  [
    "the device's address gone",
    "ip link add hairpin-node type veth peer name other; " +
    "ip address add 169.254.15.1/30 dev hairpin-node",
    "ip address del 169.254.15.1/30 dev hairpin-node",
  ],
];

for (const [name, before, change] of changes) {
  Deno.test(`NodeRuleWatch tells of ${name}`, async () => {
    await using netns = await makeTestNetns();
    await netns.sh(before);
    const { promise: told, resolve } = Promise.withResolvers<void>();
    const errors: string[] = [];
    using _watch = new NodeRuleWatch({
      node: netns.fd,
      log: { error: (message) => void errors.push(message) },
      onChange: resolve,
    });
    await netns.sh(change);
    await told;
    assert.deepEqual(errors, []);
  });
}

Deno.test("NodeRuleWatch tells once of what comes at once, and nothing of others", async () => {
  await using netns = await makeTestNetns();
  let count = 0;
  let next = Promise.withResolvers<void>();
  using _watch = new NodeRuleWatch({
    node: netns.fd,
    log: { error: assert.fail },
    onChange() {
      count++;
      next.resolve();
    },
  });
  await netns.sh(
    "ip link add other type veth peer name another; nft add table ip foreign; " +
      "ip link del other; nft delete table ip foreign",
  );
  await netns.sh("printf 'add table ip hairpin-node\n' | nft -f -");
  await next.promise;
  assert.equal(count, 1);
  next = Promise.withResolvers();
  await netns.sh("nft delete table ip hairpin-node");
  await next.promise;
  assert.equal(count, 2);
});
