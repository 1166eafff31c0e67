import { DescriptorLedger } from "../sys/descriptor_ledger.ts";

/**
 * What threads that are lost had open. The runtime closes its own when a thread
 * ends; what was opened past it stays, and may be closed once the thread cannot
 * use it any more. A thread that never ends, because it does not come back to
 * the runtime, keeps it: closed, its numbers would be other connections' by the
 * time that it goes on.
 */
class LostWorkers {
  readonly #ledgers = new Set<DescriptorLedger>();

  /** @param descriptors Memory of the thread's ledger. */
  add(descriptors: SharedArrayBuffer): void {
    this.#ledgers.add(new DescriptorLedger(descriptors));
  }

  /** Closes what has no owner any more; to be called now and then. */
  sweep(): void {
    for (const ledger of this.#ledgers) {
      if (ledger.closeAbandoned()) this.#ledgers.delete(ledger);
    }
  }
}

/** This process's. */
export const lostWorkers = new LostWorkers();
