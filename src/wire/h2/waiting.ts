import { WAKE_QUANTUM_MIN } from "./limits.ts";
import type { Stream } from "./stream.ts";

/**
 * The streams that wait for the connection's window, woken in turn: each may
 * send an equal share, and goes to the end of the queue when it wants more.
 */
export class WaitingStreams {
  #queue = new Set<Stream>();
  #share = Infinity;

  /** Streams in the queue. */
  get size(): number {
    return this.#queue.size;
  }

  /** What the stream being woken may still send in this turn. */
  get share(): number {
    return this.#share;
  }

  /** Counts octets against the current turn. */
  use(octets: number): void {
    this.#share -= octets;
  }

  /** Puts a stream at the end of the queue, unless it is in it. */
  add(stream: Stream): void {
    this.#queue.add(stream);
  }

  remove(stream: Stream): void {
    this.#queue.delete(stream);
  }

  /**
   * Wakes streams until nobody waits or the window is closed.
   *
   * @param window The connection's window as it is at the time of the call.
   * @param wake Tells the application; it may send, and so change the window.
   */
  wakeAll(window: () => number, wake: (stream: Stream) => void): void {
    while (this.#queue.size > 0 && window() > 0) {
      const share = Math.floor(window() / this.#queue.size);
      this.#wakeRound(Math.max(WAKE_QUANTUM_MIN, share), window, wake);
    }
  }

  // Whoever is not reached stays in front of those who had their turn.
  #wakeRound(
    share: number,
    window: () => number,
    wake: (stream: Stream) => void,
  ): void {
    const round = [...this.#queue];
    for (const stream of round) {
      if (window() <= 0) return;
      // One woken earlier may have reset this one.
      if (!this.#queue.delete(stream)) continue;
      if (stream.gone || !stream.blocked || stream.sendWindow <= 0) continue;
      this.#share = share;
      try {
        wake(stream);
      } finally {
        this.#share = Infinity;
      }
    }
  }
}
