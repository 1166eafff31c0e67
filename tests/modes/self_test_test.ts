import assert from "node:assert/strict";
import process from "node:process";
import { selfTest, SelfTestError } from "../../src/modes/self_test.ts";
import type { TcpHandle } from "../../src/net/tcp_handle.ts";
import { libc } from "../../src/sys/libc.ts";
import { replaced } from "../support/replaced.ts";

const CONFIG = { mode: "node", proxyMode: "shared", packetMark: 1337 } as const;

/** What all TCP handles of the runtime share. */
const handles = (process as unknown as {
  binding(name: string): { TCP: { prototype: TcpHandle } };
}).binding("tcp_wrap").TCP.prototype;

Deno.test("selfTest() finds this runtime and these rights good", () =>
  selfTest(CONFIG));

const changes: [name: string, replace: () => Disposable, says: RegExp][] = [
  [
    "gives no descriptor",
    () => replaced(handles, "fdForIpc", () => -1),
    /no descriptor left/,
  ],
  [
    "takes no memory to read into",
    () => replaced(handles, "useUserBuffer", undefined as never),
    /useUserBuffer is not a function/,
  ],
  [
    "takes no descriptor",
    () => replaced(handles, "open", () => -22),
    /open a socket/,
  ],
  [
    "does not accept",
    () => replaced(handles, "accept", () => -22),
    /accept a connection/,
  ],
  [
    "reads into other memory",
    () => replaced(handles, "useUserBuffer", () => {}),
    /octets came back as others/,
  ],
];
for (const [name, replace, says] of changes) {
  Deno.test(`selfTest() refuses a runtime whose handle ${name}`, async () => {
    using _changed = replace();
    await assert.rejects(selfTest(CONFIG), (error) => {
      assert.ok(error instanceof SelfTestError);
      assert.match(error.message, /^Cannot call itself on loopback: .*Deno/);
      assert.match(error.message, says);
      return true;
    });
  });
}

Deno.test("selfTest() says which right is missing to mark sockets", async () => {
  const { setsockopt } = libc;
  const SO_MARK = 36;
  using _denied = replaced(
    libc,
    "setsockopt",
    (...[fd, level, name, value, size]: Parameters<typeof setsockopt>) =>
      name === SO_MARK ? -1 : setsockopt(fd, level, name, value, size),
  );
  await assert.rejects(
    selfTest(CONFIG),
    /^SelfTestError: failed to set socket mark 1337: .*; make sure hairpin has CAP_NET_RAW, CAP_NET_ADMIN$/,
  );
  await selfTest({ ...CONFIG, packetMark: undefined });
});
