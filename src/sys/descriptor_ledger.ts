import { type Fd, libc } from "./libc.ts";

const SHUT_RDWR = 2;

/** Descriptors that a ledger can hold: as many as Linux lets a process have by default, and more. */
export const DESCRIPTORS_MAX = 1_048_576;

/**
 * Socket descriptors that one thread owns, where another thread can see them:
 * a thread that dies or hangs cannot close its own. One bit each.
 */
export class DescriptorLedger {
  readonly #bits: Int32Array;

  /** @param shared As {@link newLedgerMemory} gives it. */
  constructor(shared: SharedArrayBuffer) {
    this.#bits = new Int32Array(shared);
  }

  add(fd: Fd): void {
    Atomics.or(this.#bits, fd >> 5, 1 << (fd & 31));
  }

  delete(fd: Fd): void {
    Atomics.and(this.#bits, fd >> 5, ~(1 << (fd & 31)));
  }

  /**
   * Ends the connections of all descriptors, from any thread. They stay open: a
   * number that their owner may still use must not get another meaning.
   */
  endAll(): void {
    for (const fd of this.#all()) libc.shutdown(fd, SHUT_RDWR);
  }

  *#all(): Generator<Fd> {
    for (const [i, word] of this.#bits.entries()) {
      for (let bit = 0; word !== 0 && bit < 32; bit++) {
        if ((word >> bit) & 1) yield (i * 32 + bit) as Fd;
      }
    }
  }
}

/** Room for {@link DESCRIPTORS_MAX} descriptors, 128 KiB. */
export const newLedgerMemory = (): SharedArrayBuffer =>
  new SharedArrayBuffer(DESCRIPTORS_MAX / 8);
