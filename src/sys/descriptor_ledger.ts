import { closeFd, type Fd, libc } from "./libc.ts";
import { isThreadAlive, threadId } from "./thread.ts";

const SHUT_RDWR = 2;

/** Descriptors that a ledger can hold: as many as Linux lets a process have by default, and more. */
export const DESCRIPTORS_MAX = 1_048_576;

/** Where the owner's thread is written, after the bits. */
const OWNER_AT = DESCRIPTORS_MAX / 32;

/**
 * Descriptors that one thread opened past the runtime, where another thread can
 * see them: a thread that dies or hangs cannot close its own. One bit each.
 */
export class DescriptorLedger {
  readonly #words: Int32Array;

  /** @param shared As {@link newLedgerMemory} gives it. */
  constructor(shared: SharedArrayBuffer) {
    this.#words = new Int32Array(shared);
  }

  add(fd: Fd): void {
    Atomics.or(this.#words, fd >> 5, 1 << (fd & 31));
  }

  delete(fd: Fd): void {
    Atomics.and(this.#words, fd >> 5, ~(1 << (fd & 31)));
  }

  /** Makes the calling thread the owner. */
  sign(): void {
    Atomics.store(this.#words, OWNER_AT, threadId());
  }

  /**
   * Ends the connections of all descriptors, from any thread. They stay open: a
   * number that their owner may still use must not get another meaning.
   */
  endAll(): void {
    for (const fd of this.#all()) libc.shutdown(fd, SHUT_RDWR);
  }

  /**
   * Closes all descriptors, once nobody can use them any more.
   *
   * @returns false while their owner is still there: nothing is closed then.
   */
  closeAbandoned(): boolean {
    const owner = Atomics.load(this.#words, OWNER_AT);
    if (owner !== 0 && isThreadAlive(owner)) return false;
    for (const fd of this.#all()) {
      this.delete(fd);
      closeFd(fd);
    }
    return true;
  }

  *#all(): Generator<Fd> {
    for (const [i, word] of this.#words.subarray(0, OWNER_AT).entries()) {
      for (let bit = 0; word !== 0 && bit < 32; bit++) {
        if ((word >> bit) & 1) yield (i * 32 + bit) as Fd;
      }
    }
  }
}

/** Room for {@link DESCRIPTORS_MAX} descriptors and their owner, 128 KiB. */
export const newLedgerMemory = (): SharedArrayBuffer =>
  new SharedArrayBuffer((OWNER_AT + 1) * Int32Array.BYTES_PER_ELEMENT);

let kept: DescriptorLedger | undefined;

/** Has this thread's own descriptors written down from here on. */
export function keepLedger(ledger: DescriptorLedger): void {
  ledger.sign();
  kept = ledger;
}

/** Writes down what this thread has opened, and is to close by {@link closeNoted}. */
export function noted(fd: Fd): Fd {
  kept?.add(fd);
  return fd;
}

/** Says that a descriptor is the runtime's from here on, which closes it in any case. */
export function handedOver(fd: Fd): Fd {
  kept?.delete(fd);
  return fd;
}

/** Closes what was {@link noted}. */
export function closeNoted(fd: Fd): void {
  kept?.delete(fd);
  closeFd(fd);
}
