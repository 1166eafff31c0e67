import { OUTPUT_BUFFER_OCTETS, OUTPUT_BUFFERS_KEPT } from "./limits.ts";

/** Buffers of one size that go round: taken to be filled, given back when written. */
class BufferClass {
  readonly #free = new Set<ArrayBuffer>();

  constructor(readonly octets: number, readonly keptMax: number) {}

  take(): Uint8Array<ArrayBuffer> {
    for (const buffer of this.#free) {
      this.#free.delete(buffer);
      return new Uint8Array(buffer);
    }
    return new Uint8Array(this.octets);
  }

  /** A set, so that a buffer given back twice still has one owner. */
  giveBack(buffer: ArrayBuffer): void {
    if (this.#free.size < this.keptMax) this.#free.add(buffer);
  }
}

const small = new BufferClass(
  OUTPUT_BUFFER_OCTETS.small,
  OUTPUT_BUFFERS_KEPT.small,
);
const large = new BufferClass(
  OUTPUT_BUFFER_OCTETS.large,
  OUTPUT_BUFFERS_KEPT.large,
);

/**
 * A buffer for frames. All connections of a thread share what is not in use, so
 * that a quiet one holds none, and a busy one makes no garbage.
 *
 * @param octets What has to fit; more may.
 */
export function takeOutputBuffer(octets: number): Uint8Array<ArrayBuffer> {
  if (octets <= small.octets) return small.take();
  return octets <= large.octets ? large.take() : new Uint8Array(octets);
}

/**
 * Takes back what takeOutput() returned, once all of it was written. Whoever
 * never says so only makes garbage.
 */
export function recycleOutput(chunks: readonly Uint8Array[]): void {
  for (const { buffer } of chunks) {
    if (!(buffer instanceof ArrayBuffer)) continue;
    if (buffer.byteLength === small.octets) small.giveBack(buffer);
    else if (buffer.byteLength === large.octets) large.giveBack(buffer);
  }
}
