import { TLS_AHEAD_MAX } from "./limits.ts";
import { joinedIfSmall } from "./octets.ts";
import { TLS_WRITE_MAX, type TlsHandle } from "./tls_handle.ts";

/** Who writes. */
export interface TlsWriterOwner {
  /** Some of what was queued is out. */
  onRoom(): void;
  /** Nothing goes out any more; `status` is an errno with its sign turned. */
  onFailed(status: number): void;
}

interface Chunk {
  readonly octets: Uint8Array;
  readonly onTaken: (() => void) | undefined;
}

/**
 * Writes to the runtime's TLS, which keeps no queue of its own: of what it is
 * given while something waits, it would forget all but the last.
 */
export class TlsWriter {
  readonly #tls: TlsHandle | undefined;
  readonly #owner: TlsWriterOwner;
  #chunks: Chunk[] = [];
  /** Octets of the first chunk that TLS has. */
  #at = 0;
  /** Octets that no record was made of. */
  #waiting = 0;
  /** Octets of records that the kernel may not have taken yet. */
  #ahead = 0;
  #onEmpty: (() => void) | undefined;
  #closed = false;

  /** @param tls undefined when the connection is gone already. */
  constructor(tls: TlsHandle | undefined, owner: TlsWriterOwner) {
    this.#tls = tls;
    this.#owner = owner;
  }

  /** Octets that the kernel may not have taken. */
  get queued(): number {
    return this.#waiting + this.#ahead;
  }

  /** @param onTaken Called once the chunks may change. */
  write(chunks: readonly Uint8Array[], onTaken?: () => void): void {
    if (this.#closed) return;
    const output = joinedIfSmall(chunks);
    const last = output.length - 1;
    for (const [i, octets] of output.entries()) {
      this.#waiting += octets.length;
      this.#chunks.push({ octets, onTaken: i === last ? onTaken : undefined });
    }
    this.#pump();
  }

  /** Calls `done` once everything is out; never when the connection is gone before. */
  whenEmpty(done: () => void): void {
    this.#onEmpty = done;
    this.#tellEmpty();
  }

  close(): void {
    this.#closed = true;
    this.#chunks = [];
  }

  /** Called by the runtime: everything that it was given is out. */
  oncomplete(status: number): void {
    if (this.#closed) return;
    this.#ahead = 0;
    if (status < 0) return this.#owner.onFailed(status);
    this.#pump();
    this.#tellEmpty();
    this.#owner.onRoom();
  }

  #pump(): void {
    const tls = this.#tls;
    for (let first = this.#chunks[0]; first !== undefined;) {
      if (tls === undefined || this.#ahead >= TLS_AHEAD_MAX) return;
      const { octets, onTaken } = first;
      const end = Math.min(octets.length, this.#at + TLS_WRITE_MAX);
      this.#write(tls, octets.subarray(this.#at, end));
      this.#at = end;
      if (end < octets.length) continue;
      this.#at = 0;
      this.#chunks.shift();
      onTaken?.();
      first = this.#chunks[0];
    }
  }

  #write(tls: TlsHandle, octets: Uint8Array): void {
    this.#waiting -= octets.length;
    this.#ahead += octets.length;
    tls.writeBuffer(this, octets);
  }

  #tellEmpty(): void {
    if (this.queued > 0) return;
    const done = this.#onEmpty;
    this.#onEmpty = undefined;
    done?.();
  }
}
