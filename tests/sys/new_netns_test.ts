import assert from "node:assert/strict";
import { closeFd } from "../../src/sys/libc.ts";
import { inNetns, netnsId, ownNetnsId } from "../../src/sys/netns.ts";
import { newNetns, openOwnNetns } from "../../src/sys/new_netns.ts";
import { labSkipReason } from "../lab/mod.ts";

const skip = await labSkipReason();

const links = () => Deno.readTextFileSync("/proc/thread-self/net/dev");

Deno.test({
  name: "newNetns() makes an empty namespace, and leaves this thread at home",
  ignore: skip !== undefined,
  fn() {
    const before = links();
    const made = newNetns();
    try {
      const own = openOwnNetns();
      assert.equal(netnsId(own), ownNetnsId());
      closeFd(own);
      assert.notEqual(netnsId(made), ownNetnsId());
      assert.equal(links(), before);
      const found = inNetns(made, links).matchAll(/^\s*(\S+):/gm);
      assert.deepEqual([...found].map(([, name]) => name), ["lo"]);
    } finally {
      closeFd(made);
    }
  },
});
