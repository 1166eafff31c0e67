import type { Socket } from "node:net";
import type { ByteReceiver } from "./byte_stream.ts";
import { BULK_READ, READS_BEFORE_REUSE } from "./limits.ts";
import { readMemory } from "./read_memory.ts";

/** What the runtime's sockets have for their `onread` option, by the names of its symbols. */
interface Readable {
  readonly _handle?: { useUserBuffer?(buffer: Uint8Array): void } | null;
  [name: symbol]: unknown;
}

/**
 * Reads a socket into memory that is used again for the next read, which is far
 * cheaper for bulk than memory of its own for each, and reads more at once.
 *
 * The runtime takes `onread` only of whoever makes a socket, and connections
 * that were accepted are not made here. So this is the one place
 * that sets it later; where that does not work, reads have their own memory.
 * So have the first ones: a connection of one request is not worth the change.
 *
 * @param reader told of octets that are good until it returns.
 */
export function readReused(socket: Socket, reader: Reader): void {
  let reads = 0;
  let direct = false;
  socket.on("data", (octets: Uint8Array) => {
    const worth = ++reads >= READS_BEFORE_REUSE || octets.length >= BULK_READ;
    // What was read before has to come first.
    if (worth && !direct && socket.readableLength === 0) {
      direct = true;
      readDirectly(socket, reader);
    }
    reader.onData(octets);
  });
}

/** Who is told of octets. */
type Reader = Pick<ByteReceiver, "onData">;

function readDirectly(socket: Socket, reader: Reader): void {
  const readable = socket as unknown as Readable;
  const handle = readable._handle;
  const names = symbols ??= symbolsOf(readable);
  if (names === undefined || handle?.useUserBuffer === undefined) return;
  readable[names.buffer] = readMemory;
  readable[names.callback] = (length: number) => {
    reader.onData(readMemory.subarray(0, length));
    return true;
  };
  handle.useUserBuffer(readMemory);
}

/** The same for every socket. */
let symbols: ReturnType<typeof symbolsOf>;

function symbolsOf(readable: Readable) {
  const all = Object.getOwnPropertySymbols(readable);
  const buffer = all.find(({ description }) => description === "kBuffer");
  const callback = all.find(({ description }) => description === "kBufferCb");
  if (buffer === undefined || callback === undefined) return undefined;
  return { buffer, callback };
}
