import { createMap } from "../../sys/bpf/bpf.ts";
import { MappedMemory } from "../../sys/bpf/mapped_memory.ts";
import type { Fd } from "../../sys/libc.ts";

/** A record is its header and the number of a slot, in whole 8 octets. */
const RECORD_SIZE = 16;
const NUMBER_OFFSET = 8;
const HEADER_BUSY = 0x8000_0000;
/** As the kernel lays a ring out; larger than a page where pages are. */
const PAGE_SIZE = 4_096;

/**
 * How the verdict program calls user space: a ring of slot numbers, readable
 * when there are some.
 */
export class Bell implements Disposable {
  readonly fd: Fd;
  readonly #size: number;
  readonly #ours: MappedMemory;
  readonly #theirs: MappedMemory;
  readonly #read: BigUint64Array;
  readonly #written: BigUint64Array;
  readonly #records: DataView;

  /**
   * @param slots Each is in the ring once at a time, so that it is never full.
   * @throws {SyscallError} where the kernel has no such ring.
   */
  constructor(slots: number) {
    this.#size = Math.max(PAGE_SIZE, ceilPowerOfTwo(slots * RECORD_SIZE));
    const shape = { type: "ringbuf", keySize: 0, valueSize: 0 } as const;
    this.fd = createMap({ ...shape, entriesMax: this.#size });
    this.#ours = new MappedMemory(this.fd, {
      length: PAGE_SIZE,
      writable: true,
    });
    this.#theirs = new MappedMemory(this.fd, {
      // The kernel shows the records twice in a row, for those across the end.
      length: PAGE_SIZE + 2 * this.#size,
      offset: PAGE_SIZE,
      writable: false,
    });
    this.#read = new BigUint64Array(this.#ours.octets, 0, 1);
    this.#written = new BigUint64Array(this.#theirs.octets, 0, 1);
    this.#records = new DataView(this.#theirs.octets, PAGE_SIZE);
  }

  /** The slots that rang since the last call. */
  take(): number[] {
    const slots: number[] = [];
    let at = this.#read[0]!;
    const end = this.#written[0]!;
    for (; at < end; at += BigInt(RECORD_SIZE)) {
      const place = Number(at % BigInt(this.#size));
      // It is being written, and rings again when that is done.
      if (this.#records.getUint32(place, true) >= HEADER_BUSY) break;
      slots.push(this.#records.getUint32(place + NUMBER_OFFSET, true));
    }
    this.#read[0] = at;
    return slots;
  }

  [Symbol.dispose](): void {
    this.#ours[Symbol.dispose]();
    this.#theirs[Symbol.dispose]();
  }
}

const ceilPowerOfTwo = (value: number): number =>
  2 ** Math.ceil(Math.log2(value));
