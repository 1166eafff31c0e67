import assert from "node:assert/strict";
import { closeFd, type Fd, SyscallError } from "../../src/sys/libc.ts";
import {
  inNetns,
  isNetns,
  netnsAddresses,
  netnsId,
  openNetns,
  ownNetnsId,
} from "../../src/sys/netns.ts";
import { makeTestNetns, sh } from "../support/test_netns.ts";

const here = () => {
  const fd = openNetns("/proc/thread-self/ns/net");
  try {
    return netnsId(fd);
  } finally {
    closeFd(fd);
  }
};

Deno.test("inNetns() runs inside and comes back, also from an error", async () => {
  await using netns = await makeTestNetns();
  const id = netnsId(netns.fd);
  assert.notEqual(id, ownNetnsId());
  assert.equal(inNetns(netns.fd, here), id);
  assert.equal(here(), ownNetnsId());
  assert.throws(() =>
    inNetns(netns.fd, () => {
      throw new Error(here());
    }), new Error(id));
  assert.equal(here(), ownNetnsId());
});

Deno.test("inNetns() throws for what is no namespace, and stays", () => {
  assert.throws(
    () => inNetns(-1 as Fd, here),
    (error) => error instanceof SyscallError && error.errno === 9,
  );
  assert.equal(here(), ownNetnsId());
});

Deno.test("openNetns() names what it cannot open, and takes nothing but namespaces", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await sh(`cd ${dir}; touch file; mkfifo pipe`);
    // A pipe that nobody writes to would keep a blocking open for ever.
    for (const name of ["file", "pipe", "."]) {
      assert.throws(() => openNetns(`${dir}/${name}`), {
        name: "SyscallError",
        message: `Cannot use as a network namespace "${dir}/${name}": ` +
          "Invalid argument (os error 22)",
      });
    }
    assert.throws(() => openNetns(`${dir}/none`), {
      message:
        `Cannot open "${dir}/none": No such file or directory (os error 2)`,
    });
    assert.throws(() => openNetns("/proc/self/ns/uts"), SyscallError);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("isNetns() and netnsId() tell namespaces from other files", async () => {
  await using netns = await makeTestNetns();
  assert.ok(isNetns(netns.fd));
  assert.ok(!isNetns(0 as Fd));
  const again = openNetns(netns.path);
  assert.equal(netnsId(again), netnsId(netns.fd));
  closeFd(again);
  assert.throws(() => netnsId(-1 as Fd), SyscallError);
});

Deno.test("netnsAddresses() tells what a namespace can be reached by", async () => {
  await using netns = await makeTestNetns();
  await netns.sh(
    "ip link add eth0 type bridge; ip link set eth0 up; " +
      "ip address add 10.9.8.7/24 dev eth0; " +
      "ip address add 169.254.1.1/16 dev eth0; " +
      "ip address add fd09::7/64 dev eth0 nodad",
  );
  assert.deepEqual([...netnsAddresses(netns.fd)].sort(), [
    "10.9.8.7",
    "fd09::7",
  ]);
});
