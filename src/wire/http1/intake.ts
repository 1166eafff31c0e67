/**
 * Hands octets to whoever reads them, and keeps what cannot be read before
 * something else has ended.
 */
export class Intake {
  readonly #take: (octets: Uint8Array, from: number) => number;
  #waiting: Uint8Array[] = [];
  #length = 0;
  #running = false;

  /**
   * @param take Reads from a position; returns the one behind what it read, the
   *   same one when it can read nothing for now.
   */
  constructor(take: (octets: Uint8Array, from: number) => number) {
    this.#take = take;
  }

  /** Octets that wait. */
  get length(): number {
    return this.#length;
  }

  /** Octets are being handed out: whoever asks is called from there. */
  get running(): boolean {
    return this.#running;
  }

  /** Takes octets; what has to wait is copied, since its turn may be far off. */
  receive(octets: Uint8Array): void {
    const from = this.#length === 0 ? this.#run(octets, 0) : 0;
    if (from < octets.length) this.#keep(octets.slice(from));
  }

  /** Reads on after take() could not, unless it is running. */
  resume(): void {
    if (this.#running) return;
    while (this.#length > 0) {
      const octets = this.#waiting[0]!;
      const from = this.#run(octets, 0);
      if (from === 0 || this.#length === 0) return; // Cleared meanwhile.
      this.#length -= from;
      if (from === octets.length) this.#waiting.shift();
      else this.#waiting[0] = octets.subarray(from);
    }
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting = [];
    this.#length = 0;
  }

  #keep(octets: Uint8Array): void {
    this.#waiting.push(octets);
    this.#length += octets.length;
  }

  #run(octets: Uint8Array, from: number): number {
    this.#running = true;
    try {
      for (let at = from; at < octets.length;) {
        const next = this.#take(octets, at);
        if (next === at) return at;
        at = next;
      }
      return octets.length;
    } finally {
      this.#running = false;
    }
  }
}
