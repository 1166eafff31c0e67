import assert from "node:assert/strict";
import { heldNetns } from "../../src/sys/held_netns.ts";
import { closeFd } from "../../src/sys/libc.ts";
import { netnsId, openNetns } from "../../src/sys/netns.ts";
import { run } from "../lab/command.ts";
import { labSkipReason } from "../lab/mod.ts";

const skip = await labSkipReason();

Deno.test({
  name: "heldNetns() finds what a process has open, and not its own",
  ignore: skip !== undefined,
  async fn() {
    const name = `hp-held-${crypto.randomUUID().slice(0, 8)}`;
    const ip = (verb: string) => run(["ip", "netns", verb, name]);
    assert.equal((await ip("add")).code, 0);
    try {
      const fd = openNetns(`/var/run/netns/${name}`);
      try {
        const held = heldNetns(Deno.pid);
        const path = held?.get(netnsId(fd));
        assert.ok(path);
        const again = openNetns(path);
        assert.equal(netnsId(again), netnsId(fd));
        closeFd(again);
        const own = openNetns("/proc/self/ns/net");
        assert.equal(heldNetns(Deno.pid)?.has(netnsId(own)), false);
        closeFd(own);
      } finally {
        closeFd(fd);
      }
    } finally {
      await ip("delete");
    }
  },
});

Deno.test("heldNetns() knows nothing of a process that is not there", () => {
  assert.equal(heldNetns(2 ** 22 + 1), undefined);
});
