import assert from "node:assert/strict";
import { closeFd, cString, type Fd, libc } from "../../src/sys/libc.ts";
import { Seqpacket, SeqpacketListener } from "../../src/sys/seqpacket.ts";

const openFds = () => [...Deno.readDirSync("/proc/self/fd")].length;

/** Two ends of a connection, and the place they met. */
async function pair() {
  const dir = await Deno.makeTempDir();
  const listener = new SeqpacketListener(`${dir}/socket`);
  const accepted = listener.accept();
  const near = Seqpacket.connect(`${dir}/socket`);
  const far = (await accepted)!;
  return {
    near,
    far,
    listener,
    path: `${dir}/socket`,
    async [Symbol.asyncDispose]() {
      near.close();
      far.close();
      listener.close();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

const open = (path: string) => libc.open(cString(path), 0x80000) as Fd;
const text = (octets?: Uint8Array) => new TextDecoder().decode(octets);
const octets = (text: string) => new TextEncoder().encode(text);

Deno.test("Seqpacket keeps packets apart, both ways", async () => {
  await using ends = await pair();
  await ends.near.send(octets("one"));
  await ends.near.send(octets("two"));
  await ends.far.send(octets("back"));
  assert.equal(text((await ends.far.receive(64))?.octets), "one");
  assert.equal(text((await ends.far.receive(64))?.octets), "two");
  assert.equal(text((await ends.near.receive(64))?.octets), "back");
});

Deno.test("Seqpacket.receive() waits for a packet", async () => {
  await using ends = await pair();
  const received = ends.far.receive(64);
  await ends.near.send(octets("late"));
  const packet = await received;
  assert.equal(text(packet?.octets), "late");
  assert.equal(packet?.truncated, false);
});

Deno.test("Seqpacket carries descriptors of the same file", async () => {
  await using ends = await pair();
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, "inside");
  const fd = open(file);
  await ends.near.send(octets("x"), [fd, fd]);
  closeFd(fd);
  const { fds } = (await ends.far.receive(64))!;
  assert.equal(fds.length, 2);
  const room = new Uint8Array(16);
  assert.equal(Number(libc.read(fds[1]!, room, 16n)), 6);
  assert.equal(text(room.subarray(0, 6)), "inside");
  fds.forEach(closeFd);
  await Deno.remove(file);
});

Deno.test("Seqpacket.receive() says when a packet did not fit", async () => {
  await using ends = await pair();
  await ends.near.send(octets("too long"));
  const packet = await ends.far.receive(3);
  assert.equal(text(packet?.octets), "too");
  assert.equal(packet?.truncated, true);
});

Deno.test("Seqpacket.receive() loses no descriptor of those that do not fit", async () => {
  await using ends = await pair();
  const before = openFds();
  const fd = open("/dev/null");
  await ends.near.send(octets("x"), Array.from({ length: 20 }, () => fd));
  closeFd(fd);
  const packet = (await ends.far.receive(64))!;
  assert.equal(packet.truncated, true);
  assert.equal(packet.fds.length, 8);
  packet.fds.forEach(closeFd);
  assert.equal(openFds(), before);
});

Deno.test("Seqpacket.receive() ends when the peer has closed", async () => {
  await using ends = await pair();
  const received = ends.far.receive(64);
  ends.near.close();
  assert.equal(await received, undefined);
  await assert.rejects(
    ends.far.send(octets("x")),
    /Broken pipe \(os error 32\)/,
  );
});

Deno.test("Seqpacket.close() wakes whoever waits, and closes once", async () => {
  await using ends = await pair();
  const received = ends.far.receive(64);
  const accepted = ends.listener.accept();
  ends.far.close();
  ends.far.close();
  ends.listener.close();
  assert.equal(await received, undefined);
  assert.equal(await accepted, undefined);
  assert.equal(await ends.far.receive(64), undefined);
  await assert.rejects(ends.far.send(octets("x")), /Bad file descriptor/);
});

Deno.test("Seqpacket.send() waits for a peer that reads later", async () => {
  await using ends = await pair();
  const packet = new Uint8Array(60_000);
  let sent = 0;
  const sending = (async () => {
    for (; sent < 50; sent++) await ends.near.send(packet);
  })();
  while (sent === 0) await new Promise((resolve) => setTimeout(resolve));
  assert.ok(sent < 50);
  for (let i = 0; i < 50; i++) {
    assert.equal((await ends.far.receive(60_000))?.octets.length, 60_000);
  }
  await sending;
});

Deno.test("Seqpacket leaves no descriptor behind", async () => {
  const before = openFds();
  for (let i = 0; i < 5; i++) {
    await using ends = await pair();
    const received = ends.far.receive(64);
    ends.near.close();
    await received;
  }
  assert.equal(openFds(), before);
});

const refused: [name: string, path: string, message: RegExp][] = [
  [
    "a path where nobody listens",
    "/no/such/socket",
    /^Cannot connect to "\/no\/such\/socket": No such file/,
  ],
  [
    "a path too long",
    `/${"x".repeat(108)}`,
    /^Cannot use as the path of a socket/,
  ],
  ["a path with a NUL", "/a\0b", /^Cannot use as the path of a socket/],
];
for (const [name, path, message] of refused) {
  Deno.test(`Seqpacket.connect() refuses ${name}`, () => {
    const before = openFds();
    assert.throws(() => Seqpacket.connect(path), { message });
    assert.equal(openFds(), before);
  });
}
