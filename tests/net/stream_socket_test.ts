import assert from "node:assert/strict";
import type { ByteReceiver, ByteStream } from "../../src/net/byte_stream.ts";
import { StreamSocket } from "../../src/net/stream_socket.ts";

/** A stream that does as it is told, and keeps what was done to it. */
class FakeStream implements ByteStream {
  receiver!: ByteReceiver;
  readonly calls: string[] = [];
  hasRoom = true;

  attach(receiver: ByteReceiver): void {
    this.receiver = receiver;
  }
  write(octets: Uint8Array): boolean {
    this.calls.push(`write ${octets.length}`);
    return this.hasRoom;
  }
  end(): void {
    this.calls.push("end");
  }
  reset(): void {
    this.calls.push("reset");
  }
  dismiss(): void {
    this.calls.push("dismiss");
  }
  pause(): void {
    this.calls.push("pause");
  }
  resume(): void {
    this.calls.push("resume");
  }
}

function make() {
  const stream = new FakeStream();
  const socket = new StreamSocket(stream);
  const errors: string[] = [];
  socket.on("error", ({ message }: Error) => errors.push(message));
  const closed = new Promise<void>((resolve) => socket.on("close", resolve));
  return { stream, socket, errors, closed };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("StreamSocket gives what came, whatever becomes of the memory", async () => {
  const { stream, socket } = make();
  const octets = Uint8Array.of(1, 2, 3);
  stream.receiver.onData(octets);
  octets.fill(0);
  const [read] = await Array.fromAsync(socket.take(1));
  assert.deepEqual([...read], [1, 2, 3]);
});

Deno.test("StreamSocket has the stream wait until somebody reads", () => {
  const { stream, socket } = make();
  const piece = new Uint8Array(socket.readableHighWaterMark);
  stream.receiver.onData(piece);
  assert.deepEqual(stream.calls, ["pause"]);
  socket.read();
  assert.ok(stream.calls.includes("resume"));
});

Deno.test("StreamSocket waits for the stream's room, and ends after what was written", async () => {
  const { stream, socket } = make();
  stream.hasRoom = false;
  socket.write(new Uint8Array(5));
  socket.write(new Uint8Array(6));
  socket.end();
  await turn();
  assert.deepEqual(stream.calls, ["write 5"]);
  stream.hasRoom = true;
  stream.receiver.onDrain();
  await turn();
  assert.deepEqual(stream.calls, ["write 5", "write 6", "end"]);
});

const ends: [
  name: string,
  act: (made: ReturnType<typeof make>) => void,
  calls: string[],
  errors: string[],
][] = [
  [
    "resets a stream that is dropped",
    ({ socket }) => {
      socket.destroy();
    },
    ["reset"],
    [],
  ],
  [
    "lets go of a stream that its peer has ended",
    ({ socket, stream }) => {
      stream.receiver.onEnd();
      socket.destroy();
    },
    ["dismiss"],
    [],
  ],
  [
    "tells of a stream that was reset",
    ({ stream }) => {
      stream.receiver.onClose(new Error("gone"));
    },
    ["reset"],
    ["gone"],
  ],
  [
    "takes no close without an end for a good one",
    ({ stream }) => {
      stream.receiver.onClose(undefined);
    },
    ["reset"],
    ["closed by the peer"],
  ],
];
for (const [name, act, calls, errors] of ends) {
  Deno.test(`StreamSocket ${name}`, async () => {
    const made = make();
    act(made);
    await made.closed;
    assert.deepEqual(made.stream.calls, calls);
    assert.deepEqual(made.errors, errors);
  });
}

Deno.test("StreamSocket lets a write go whose stream has gone", async () => {
  const { stream, socket, closed } = make();
  stream.hasRoom = false;
  const written = new Promise((resolve) =>
    socket.write(new Uint8Array(1), resolve)
  );
  stream.receiver.onClose(new Error("gone"));
  await Promise.all([written, closed]);
});
