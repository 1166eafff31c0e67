/** What every {@link ByteStream} owes its user, whatever carries it. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { ByteStream } from "../../src/net/byte_stream.ts";
import { Recorder } from "../support/recorder.ts";

/** Two ends of one connection, neither attached. */
export interface StreamPair extends AsyncDisposable {
  readonly near: ByteStream;
  readonly far: ByteStream;
}

/** Octets that may lie between two ends when the far one does not read. */
const IN_FLIGHT_MAX = 32 * 1024 * 1024;

export function byteStreamSuite(
  kind: string,
  connect: () => Promise<StreamPair>,
): void {
  /** Runs a case with both ends attached. */
  const attached = (
    name: string,
    run: (
      pair: StreamPair,
      near: Recorder,
      far: Recorder,
    ) => Promise<void>,
  ) =>
    Deno.test(`${kind}: ${name}`, async () => {
      await using pair = await connect();
      const [near, far] = [new Recorder(), new Recorder()];
      pair.near.attach(near);
      pair.far.attach(far);
      await run(pair, near, far);
    });

  attached("octets arrive in order", async ({ near }, _, far) => {
    const sent = Array.from({ length: 300 }, (_, i) => pattern(i * 97, i));
    for (const octets of sent) near.write(octets);
    near.end();
    await far.ended();
    assert.deepEqual(far.octets, join(sent));
  });

  attached("write() keeps nothing of the caller's memory", async (
    pair,
    _,
    far,
  ) => {
    pair.far.pause();
    const sent = pattern(24 * 1024 * 1024, 9);
    const memory = new Uint8Array(1 << 20);
    for (let at = 0; at < sent.length; at += memory.length) {
      memory.set(sent.subarray(at, at + memory.length));
      pair.near.write(memory);
      memory.fill(0);
    }
    pair.near.end();
    pair.far.resume();
    await far.ended();
    assert.equal(digest(far.chunks), digest([sent]));
  });

  attached("end() lets the peer go on", async (pair, near, far) => {
    pair.near.end();
    await far.ended();
    pair.far.write(pattern(10, 1));
    await near.until(() => near.length === 10);
    pair.far.end();
    await Promise.all([near.closed(), far.closed()]);
    assert.deepEqual([near.calls, far.calls], [
      ["end", "close"],
      ["end", "close"],
    ]);
  });

  attached("the far end() lets this side go on", async (pair, near, far) => {
    pair.far.end();
    await near.ended();
    pair.near.write(pattern(10, 1));
    pair.near.end();
    await Promise.all([near.closed(), far.closed()]);
    assert.equal(far.length, 10);
    assert.deepEqual([near.error, far.error], [undefined, undefined]);
  });

  for (const end of ["near", "far"] as const) {
    const other = end === "near" ? "far" : "near";
    attached(`reset() by the ${end} end is an error at the ${other}`, async (
      pair,
      near,
      far,
    ) => {
      pair.near.write(pattern(100, 1));
      await far.until(() => far.length === 100);
      pair[end].reset();
      await Promise.all([near.closed(), far.closed()]);
      const [own, peer] = end === "near" ? [near, far] : [far, near];
      assert.equal(own.error, undefined);
      assert.ok(peer.error !== undefined);
      assert.ok(!peer.calls.includes("end"));
    });
  }

  attached("reset() after the peer's end is still a reset", async (
    pair,
    near,
    far,
  ) => {
    pair.far.end();
    await near.ended();
    pair.near.reset();
    await far.closed();
    assert.ok(far.error !== undefined);
  });

  attached("reset() drops what is unsent", async (pair, _, far) => {
    pair.far.pause();
    const sent = 64 * 1024 * 1024;
    pair.near.write(new Uint8Array(sent));
    pair.near.reset();
    pair.far.resume();
    await far.closed();
    assert.ok(far.length < sent);
    assert.ok(far.error !== undefined);
  });

  attached("a paused reader stops its writer, and loses nothing", async (
    pair,
    near,
    far,
  ) => {
    pair.far.pause();
    const writer = new Writer(pair.near, near);
    await writer.untilStalled();
    assert.ok(writer.written < IN_FLIGHT_MAX, `${writer.written} octets`);
    assert.ok(near.drains <= writer.refusals);
    pair.far.resume();
    await near.until(() => writer.written > IN_FLIGHT_MAX);
    writer.stop();
    pair.near.end();
    await far.ended();
    assert.equal(far.length, writer.written);
  });

  attached("end() comes after everything queued", async (pair, _, far) => {
    pair.far.pause();
    const sent = pattern(24 * 1024 * 1024, 3);
    for (let at = 0; at < sent.length; at += 1 << 20) {
      pair.near.write(sent.subarray(at, at + (1 << 20)));
    }
    pair.near.end();
    pair.far.resume();
    await far.ended();
    assert.equal(far.length, sent.length);
    assert.equal(digest(far.chunks), digest([sent]));
  });

  attached("a slow reader that has ended its half gets everything", async (
    pair,
    near,
    far,
  ) => {
    pair.near.pause();
    pair.near.end();
    await far.ended();
    const sent = pattern(24 * 1024 * 1024, 5);
    for (let at = 0; at < sent.length; at += 1 << 20) {
      pair.far.write(sent.subarray(at, at + (1 << 20)));
    }
    pair.far.end();
    await turns();
    pair.near.resume();
    await near.closed();
    assert.equal(near.length, sent.length);
    assert.equal(digest(near.chunks), digest([sent]));
    assert.deepEqual([near.calls, far.calls], [
      ["end", "close"],
      ["end", "close"],
    ]);
  });

  attached("closing is said once, and last", async (pair, near, far) => {
    pair.near.end();
    pair.far.end();
    await Promise.all([near.closed(), far.closed()]);
    pair.near.reset();
    pair.far.reset();
    pair.near.end();
    pair.near.write(pattern(1, 1));
    pair.near.pause();
    pair.near.resume();
    await turns();
    assert.deepEqual(near.calls, ["end", "close"]);
    assert.deepEqual(far.calls, ["end", "close"]);
  });

  const before: [
    name: string,
    act: (near: ByteStream) => void,
    calls: string[],
    length: number,
  ][] = [
    ["nothing but the end", (near) => near.end(), ["end"], 0],
    [
      "octets and the end",
      (near) => {
        near.write(pattern(5, 1));
        near.end();
      },
      ["end"],
      5,
    ],
    ["a reset", (near) => near.reset(), ["error"], 0],
  ];
  for (const [name, act, calls, length] of before) {
    Deno.test(`${kind}: attach() tells of ${name} that came before it`, async () => {
      await using pair = await connect();
      pair.near.attach(new Recorder());
      act(pair.near);
      await turns();
      const far = new Recorder();
      pair.far.attach(far);
      await far.until(() => far.calls.length > 0);
      await turns();
      assert.deepEqual([far.calls, far.length], [calls, length]);
    });
  }

  Deno.test(`${kind}: attach() after both ends tells of end and close`, async () => {
    await using pair = await connect();
    const near = new Recorder();
    pair.near.attach(near);
    pair.far.write(pattern(5, 1));
    pair.far.end();
    pair.near.end();
    await near.ended();
    await turns();
    const far = new Recorder();
    pair.far.attach(far);
    await far.closed();
    assert.deepEqual([near.calls, far.calls], [
      ["end", "close"],
      ["end", "close"],
    ]);
    assert.equal(near.length, 5);
  });
}

/** Writes for as long as it may, and goes on at each drain. */
class Writer {
  written = 0;
  refusals = 0;
  #stopped = false;
  readonly #stream: ByteStream;
  readonly #receiver: Recorder;

  constructor(stream: ByteStream, receiver: Recorder) {
    this.#stream = stream;
    this.#receiver = receiver;
    void this.#run();
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Resolves when nothing more was written for a while. */
  async untilStalled(): Promise<void> {
    let before = -1;
    while (before !== this.written) {
      before = this.written;
      await turns();
    }
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.written += 65_536;
      if (this.#stream.write(new Uint8Array(65_536))) continue;
      const { drains } = this.#receiver;
      this.refusals++;
      await this.#receiver.until(() => this.#receiver.drains > drains);
    }
  }
}

/** Lets the event loop go round until the kernel has had its say. */
async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Octets that differ from place to place and from `seed` to `seed`. */
function pattern(length: number, seed: number): Uint8Array {
  const octets = new Uint8Array(length);
  for (let i = 0; i < length; i++) octets[i] = (i * 31 + seed * 7) ^ (i >> 8);
  return octets;
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
}

function digest(chunks: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex");
}
