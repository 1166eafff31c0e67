import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { isBroken, socketError } from "../../src/sys/sockets.ts";
import { ownDescriptor } from "../../src/net/descriptor.ts";
import {
  closeNoted,
  DescriptorLedger,
  keepLedger,
  newLedgerMemory,
} from "../../src/sys/descriptor_ledger.ts";

Deno.test("a ledger ends the connections written down in it, and no others", async () => {
  const memory = newLedgerMemory();
  keepLedger(new DescriptorLedger(memory));
  using owned = await Pair.open();
  using given = await Pair.open();
  const fd = ownDescriptor(owned.near) ?? assert.fail("no descriptor");
  closeNoted(ownDescriptor(given.near) ?? assert.fail("no descriptor"));

  // As another thread would, which has the memory only.
  new DescriptorLedger(memory).endAll();

  await once(owned.far.resume(), "end");
  given.near.write("alive");
  assert.equal(String(await once(given.far, "data")), "alive");
  closeNoted(fd);
});

Deno.test("a ledger closes nothing that its owner may still use", async () => {
  const ledger = new DescriptorLedger(newLedgerMemory());
  ledger.sign();
  using pair = await Pair.open();
  const fd = ownDescriptor(pair.near) ?? assert.fail("no descriptor");
  ledger.add(fd);
  assert.equal(ledger.closeAbandoned(), false);
  assert.equal(isBroken(fd), false);
  closeNoted(fd);
});

Deno.test("a ledger closes what has no owner, once", async () => {
  const ledger = new DescriptorLedger(newLedgerMemory());
  using pair = await Pair.open();
  const fd = ownDescriptor(pair.near) ?? assert.fail("no descriptor");
  ledger.add(fd);
  assert.equal(ledger.closeAbandoned(), true);
  const BAD_DESCRIPTOR = 9;
  assert.equal(socketError(fd), BAD_DESCRIPTOR);
  using other = await Pair.open(); // may have the number by now
  assert.equal(ledger.closeAbandoned(), true);
  other.near.write("alive");
  assert.equal(String(await once(other.far, "data")), "alive");
});

class Pair implements Disposable {
  private constructor(readonly near: Socket, readonly far: Socket) {}

  static async open(): Promise<Pair> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    assert.ok(address !== null && typeof address === "object");
    const near = connect(address.port, address.address);
    const [far] = await once(server, "connection");
    server.close();
    return new Pair(near, far);
  }

  [Symbol.dispose](): void {
    this.near.destroy();
    this.far.destroy();
  }
}
