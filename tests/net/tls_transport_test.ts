import assert from "node:assert/strict";
import type { TLSSocket } from "node:tls";
import { joined } from "../../src/base/octets.ts";
import { withDescriptorOf } from "../../src/net/descriptor.ts";
import { TUNNEL_UNSENT_MAX } from "../../src/net/limits.ts";
import { handlesOf } from "../../src/net/tls_handle.ts";
import { TlsTransport } from "../../src/net/tls_transport.ts";
import { libc } from "../../src/sys/libc.ts";
import { makeTlsPair } from "../support/h2_pair.ts";

/** What a transport says, in order. */
class Listener {
  readonly calls: string[] = [];
  readonly chunks: Uint8Array[] = [];
  error: Error | undefined;
  #onCall: (() => void) | undefined;

  onData(octets: Uint8Array): void {
    this.chunks.push(octets.slice());
    this.#call("data");
  }

  onDrain(): void {
    this.#call("drain");
  }

  onEnd(): void {
    this.#call("end");
  }

  onClose(error: Error | undefined): void {
    this.error = error;
    this.#call("close");
  }

  get octets(): Uint8Array {
    return joined(this.chunks);
  }

  until(done: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#onCall = () => done() ? resolve() : undefined;
      this.#onCall();
    });
  }

  #call(name: string): void {
    if (this.calls.at(-1) !== name) this.calls.push(name);
    this.#onCall?.();
  }
}

const numbered = (size: number) =>
  Uint8Array.from({ length: size }, (_, at) => at % 251);

const arrived = (socket: TLSSocket, size: number) =>
  new Promise<void>((resolve) => {
    const look = () =>
      socket.readableLength >= size ? resolve() : setTimeout(look, 1);
    look();
  });

Deno.test("TlsTransport hands out first, and in order, all that came before it was there", async () => {
  await using tls = await makeTlsPair();
  const octets = numbered(10_000);
  const listener = new Listener();
  tls.server.read(0);
  // Each is a read of its own, of which the socket hands out one at a time.
  for (const end of [24, 2_000, 4_000]) {
    tls.client.write(octets.subarray(tls.server.readableLength, end));
    await arrived(tls.server, end);
  }
  new TlsTransport(tls.server).attach(listener);
  assert.deepEqual(listener.calls, []);
  tls.client.end(octets.subarray(4_000));
  await listener.until(() => listener.calls.includes("end"));
  assert.deepEqual(listener.octets, octets);
});

Deno.test("TlsTransport tells of an end that came before it was there", async () => {
  await using tls = await makeTlsPair();
  const listener = new Listener();
  tls.client.end(numbered(10));
  tls.server.read(0);
  await arrived(tls.server, 10);
  const transport = new TlsTransport(tls.server);
  transport.attach(listener);
  await listener.until(() => listener.calls.includes("end"));
  assert.deepEqual(listener.octets, numbered(10));
  transport.destroy();
  await listener.until(() => listener.calls.includes("close"));
  assert.deepEqual(listener.calls, ["data", "end", "close"]);
});

Deno.test("TlsTransport carries octets of any amount both ways", async () => {
  await using tls = await makeTlsPair();
  const ends = [tls.client, tls.server].map((socket) => {
    const listener = new Listener();
    const transport = new TlsTransport(socket);
    transport.attach(listener);
    return { listener, transport };
  });
  const octets = numbered(3_000_001);
  for (const { transport } of ends) {
    assert.equal(transport.write([octets]), false);
  }
  for (const { listener } of ends) {
    await listener.until(() => {
      const length = listener.chunks.reduce((sum, c) => sum + c.length, 0);
      return length === octets.length && listener.calls.includes("drain");
    });
    assert.deepEqual(listener.octets, octets);
  }
});

Deno.test("TlsTransport ends once everything is out", async () => {
  await using tls = await makeTlsPair();
  const listener = new Listener();
  new TlsTransport(tls.server).attach(listener);
  const transport = new TlsTransport(tls.client);
  transport.attach(new Listener());
  const octets = numbered(2_000_000);
  transport.write([octets]);
  transport.end();
  await listener.until(() => listener.calls.includes("end"));
  assert.deepEqual(listener.octets, octets);
});

Deno.test("TlsTransport.finish() has a peer that still writes get everything, and an end", async () => {
  await using tls = await makeTlsPair();
  const { client } = tls;
  const listener = new Listener();
  const transport = new TlsTransport(tls.server);
  transport.attach(listener);
  const write = () => {
    while (!client.readableEnded && client.write(numbered(50_000)));
  };
  client.on("drain", write);
  const errors: Error[] = [];
  client.on("error", (error) => errors.push(error));
  const received: Uint8Array[] = [];
  client.on("data", (octets: Uint8Array) => received.push(octets));
  const ended = new Promise((resolve) => client.on("end", resolve));
  write();
  await listener.until(() => listener.octets.length > 0);
  transport.pause(); // so that much of it is unread
  const octets = numbered(2_000_000);
  transport.write([octets]);
  transport.finish();
  await ended;
  client.end();
  await listener.until(() => listener.calls.includes("end"));
  transport.destroy();
  await listener.until(() => listener.calls.includes("close"));
  assert.deepEqual(new Uint8Array(joined(received)), octets);
  assert.deepEqual(errors, []);
  assert.equal(listener.error, undefined);
});

Deno.test("TlsTransport reads nothing while it is paused", async () => {
  await using tls = await makeTlsPair();
  const listener = new Listener();
  const transport = new TlsTransport(tls.server);
  transport.attach(listener);
  tls.client.write(numbered(10));
  await listener.until(() => listener.octets.length === 10);
  transport.pause();
  await new Promise<void>((resolve) =>
    tls.client.write(numbered(10), () => resolve())
  );
  assert.equal(listener.octets.length, 10);
  transport.resume();
  await listener.until(() => listener.octets.length === 20);
});

/** What follows a type and a version that TLS 1.3 knows. */
const FORGED: [what: string, octets: number[]][] = [
  ["a record that nobody sealed", [0x17, 3, 3, 0, 32, ...Array(32).fill(7)]],
  ["a record longer than any", [0x17, 3, 3, 0xff, 0xff, ...Array(32).fill(7)]],
  ["no record", [...new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n")]],
];

for (const [what, forged] of FORGED) {
  Deno.test(`TlsTransport closes for ${what}, and passes nothing of it on`, async () => {
    await using tls = await makeTlsPair();
    await using other = await makeTlsPair();
    const [listener, bystander] = [new Listener(), new Listener()];
    new TlsTransport(tls.server).attach(listener);
    new TlsTransport(other.server).attach(bystander);
    tls.client.write(numbered(10));
    await listener.until(() => listener.octets.length === 10);
    tls.client.on("error", () => {}); // it is told why
    tls.tcp.client.write(Uint8Array.from(forged));
    await listener.until(() => listener.calls.includes("close"));
    assert.deepEqual(listener.octets, numbered(10));
    assert.ok(listener.error instanceof Error);
    other.client.write(numbered(10));
    await bystander.until(() => bystander.octets.length === 10);
  });
}

Deno.test("TlsTransport has the kernel hold little that is not sent", async () => {
  await using tls = await makeTlsPair();
  const { tcp } = handlesOf(tls.client)!;
  new TlsTransport(tls.client);
  const value = new Uint32Array(1);
  const size = new Uint8Array(Uint32Array.of(4).buffer);
  withDescriptorOf(tcp, (fd) => {
    const octets = new Uint8Array(value.buffer);
    libc.getsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, octets, size);
  });
  assert.equal(value[0], TUNNEL_UNSENT_MAX);
});

const IPPROTO_TCP = 6;
const TCP_NOTSENT_LOWAT = 25;

Deno.test("TlsTransport of a connection that is gone is closed", async () => {
  await using tls = await makeTlsPair();
  tls.server.destroy();
  const listener = new Listener();
  const transport = new TlsTransport(tls.server);
  transport.attach(listener);
  assert.equal(transport.write([numbered(10)]), true);
  await listener.until(() => listener.calls.includes("close"));
});
