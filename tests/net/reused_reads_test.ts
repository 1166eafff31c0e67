import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { readReused } from "../../src/net/reused_reads.ts";
import { makeTlsPair } from "../support/h2_pair.ts";
import { makeTcpPair } from "../support/sockets.ts";

interface Pair extends AsyncDisposable {
  readonly client: Socket;
  readonly server: Socket;
}

const KINDS: [name: string, connect: () => Promise<Pair>][] = [
  ["TCP", makeTcpPair],
  ["TLS", makeTlsPair],
];

const next = (socket: Socket, event: string) =>
  new Promise((resolve) => socket.once(event, resolve));

for (const [name, connect] of KINDS) {
  Deno.test(`readReused() gives all octets in order, ${name}`, async () => {
    await using pair = await connect();
    const sent = new Uint8Array(8 * 2 ** 20).map((_, i) => i * 31 ^ i >> 8);
    const received: Uint8Array[] = [];
    const memories = new Set<ArrayBufferLike>();
    pair.client.write(sent.subarray(0, 100_000));
    await new Promise((resolve) => setTimeout(resolve, 20)); // read before it is asked for
    const onData = (octets: Uint8Array) => {
      received.push(octets.slice());
      memories.add(octets.buffer);
      // As a slow receiver does.
      if (received.length % 5 !== 0) return;
      pair.server.pause();
      setTimeout(() => pair.server.resume());
    };
    readReused(pair.server, { onData });
    pair.client.end(sent.subarray(100_000));
    await next(pair.server, "end");
    assert.deepEqual(
      new Uint8Array(await new Blob(received as BlobPart[]).arrayBuffer()),
      sent,
    );
    // If not, the runtime has changed, and every read costs memory of its own.
    assert.ok(memories.size < received.length, `${memories.size} buffers`);
  });

  Deno.test(`readReused() lets the socket tell of its end, ${name}`, async () => {
    await using pair = await connect();
    const lengths: number[] = [];
    readReused(pair.server, {
      onData: ({ length }) => void lengths.push(length),
    });
    for (const octets of ["one", "three"]) {
      pair.client.write(octets);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    pair.client.end();
    await next(pair.server, "end");
    assert.deepEqual(lengths, [3, 5]);
  });
}
