import type { ByteReceiver } from "../../src/net/byte_stream.ts";

/** A wait of a test is given up after this, so that it fails and does not hang. */
const PATIENCE_MS = 20_000;

/** Keeps what a byte stream tells its receiver. */
export class Recorder implements ByteReceiver {
  readonly chunks: Uint8Array[] = [];
  /** Every call but `onData`, in order. */
  readonly calls: string[] = [];
  length = 0;
  drains = 0;
  error: Error | undefined;
  readonly #watches = new Set<() => void>();

  onData(octets: Uint8Array): void {
    // What is read may be overwritten once this call is over.
    this.chunks.push(octets.slice());
    this.length += octets.length;
    this.#changed();
  }

  onEnd(): void {
    this.#note("end");
  }

  onDrain(): void {
    this.drains++;
    this.#changed();
  }

  onClose(error: Error | undefined): void {
    this.error = error;
    this.#note(error === undefined ? "close" : "error");
  }

  /** Everything received. */
  get octets(): Uint8Array {
    return Uint8Array.from(this.chunks.flatMap((chunk) => [...chunk]));
  }

  /** Waits until `condition` holds; it is asked after every call. */
  until(condition: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(
      () => reject(new Error(`never came; only ${this.#story()}`)),
      PATIENCE_MS,
    );
    const look = () => {
      if (condition()) resolve();
    };
    this.#watches.add(look);
    look();
    return promise.finally(() => {
      clearTimeout(timer);
      this.#watches.delete(look);
    });
  }

  #story(): string {
    return `${this.length} octets, ${this.drains} drains, [${this.calls}]`;
  }

  ended(): Promise<void> {
    return this.until(() => this.calls.includes("end"));
  }

  closed(): Promise<void> {
    return this.until(() =>
      this.calls.includes("close") || this.calls.includes("error")
    );
  }

  #note(call: string): void {
    this.calls.push(call);
    this.#changed();
  }

  #changed(): void {
    for (const look of [...this.#watches]) look();
  }
}
