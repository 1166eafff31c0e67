import assert from "node:assert/strict";
import { brokenSockets } from "../../src/net/broken_sockets.ts";
import { ownDescriptor } from "../../src/net/descriptor.ts";
import { readableSockets } from "../../src/net/readable_sockets.ts";
import { writableSockets } from "../../src/net/writable_sockets.ts";
import { closeNoted } from "../../src/sys/descriptor_ledger.ts";
import { closeFd, type Fd } from "../../src/sys/libc.ts";
import { localEnd, sendNow } from "../../src/sys/sockets.ts";
import { openUdp, sendDatagram } from "../../src/sys/udp.ts";
import { makeTcpPair } from "../support/sockets.ts";

const LOOPBACK = Uint8Array.of(127, 0, 0, 1);

/** A promise, and what makes it true. */
const happening = () => Promise.withResolvers<void>();

async function pairWithDescriptor() {
  const stack = new AsyncDisposableStack();
  const pair = stack.use(await makeTcpPair());
  const fd = ownDescriptor(pair.client) ?? assert.fail("no descriptor");
  stack.defer(() => closeNoted(fd));
  return { ...pair, fd, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const fill = (fd: Fd) => {
  while (sendNow(fd, new Uint8Array(65_536)) > 0) continue;
};

Deno.test("writableSockets tells at once of a socket that has room", async () => {
  await using pair = await pairWithDescriptor();
  let told = 0;
  writableSockets.whenWritable(pair.fd, () => told++);
  assert.equal(told, 1);
});

Deno.test("writableSockets tells of a full socket once its peer has read, and of each wait once", async () => {
  await using pair = await pairWithDescriptor();
  for (let round = 0; round < 2; round++) {
    pair.server.pause();
    fill(pair.fd);
    let told = 0;
    const room = happening();
    writableSockets.whenWritable(pair.fd, () => {
      told++;
      room.resolve();
    });
    assert.equal(told, 0);
    pair.server.resume();
    await room.promise;
    assert.equal(told, 1);
  }
});

Deno.test("brokenSockets tells once of a reset, and not of a half that ended", async () => {
  await using pair = await pairWithDescriptor();
  const told: string[] = [];
  const broken = happening();
  brokenSockets.add(pair.fd, () => {
    told.push("broken");
    broken.resolve();
  });
  const ended = happening();
  pair.client.on("error", () => {});
  pair.client.resume().once("end", () => {
    told.push("end");
    ended.resolve();
  });
  pair.server.end();
  await ended.promise;
  pair.server.resetAndDestroy();
  await broken.promise;
  assert.deepEqual(told, ["end", "broken"]);
});

Deno.test("readableSockets tells for as long as there is something to read, unless told to stop", async () => {
  using first = new UdpReceiver();
  using second = new UdpReceiver();
  const calls = { first: 0, second: 0 };
  const often = happening();
  readableSockets.add(first.fd, () => {
    if (++calls.first === 3) readableSockets.remove(first.fd);
  });
  first.sendItself();
  readableSockets.add(second.fd, () => {
    if (calls.first === 3 && ++calls.second === 3) often.resolve();
  });
  second.sendItself();
  await often.promise;
  assert.deepEqual(calls, { first: 3, second: 3 });
});

/** A UDP socket that has something to read once it is asked to. */
class UdpReceiver implements Disposable {
  readonly fd = openUdp({ at: { ip: LOOPBACK, port: 0 }, reusePort: false });

  sendItself(): void {
    assert.ok(sendDatagram(this.fd, new Uint8Array(1), localEnd(this.fd)));
  }

  [Symbol.dispose](): void {
    readableSockets.remove(this.fd);
    closeFd(this.fd);
  }
}
