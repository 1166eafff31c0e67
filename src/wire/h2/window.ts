import { INITIAL_WINDOW } from "./limits.ts";

/**
 * What the peer may still send, for a stream or the connection. At any time
 * `left + held + due` is the size: octets that may come, octets that came and
 * were not given back, octets given back that the peer was not told about.
 *
 * @see RFC 9113, section 6.9
 */
export class ReceiveWindow {
  #size: number;
  #left: number;
  #held = 0;
  #due = 0;

  /** @param left Octets the peer may send at first. Default all. */
  constructor(size: number, left = size) {
    this.#size = size;
    this.#left = left;
    this.#due = size - left;
  }

  /** Octets the peer may still send; below 0 after the size was reduced. */
  get left(): number {
    return this.#left;
  }

  /** Octets that came and were not given back. */
  get held(): number {
    return this.#held;
  }

  /** Octets given back that no WINDOW_UPDATE has announced. */
  get due(): number {
    return this.#due;
  }

  /** Takes octets that came. False when the peer was not allowed to send them. */
  take(octets: number): boolean {
    if (octets > this.#left) return false;
    this.#left -= octets;
    this.#held += octets;
    return true;
  }

  /**
   * Gives octets back.
   *
   * @returns the increment to announce now, 0 while less than half a window is
   *   due.
   */
  give(octets: number): number {
    this.#held -= octets;
    this.#due += octets;
    return this.#due * 2 >= this.#size ? this.announce() : 0;
  }

  /** Everything that is due, as of now announced. */
  announce(): number {
    const increment = this.#due;
    this.#due = 0;
    this.#left += increment;
    return increment;
  }

  /** Changes the size, as SETTINGS do (RFC 9113, section 6.9.2). */
  resize(size: number): void {
    this.#left += size - this.#size;
    this.#size = size;
  }
}

/**
 * The stream window that a peer may rely on: until it has acknowledged a
 * smaller one, the one that holds before any SETTINGS.
 */
export function streamWindowInForce(
  configured: number,
  acknowledged: boolean,
): number {
  return acknowledged ? configured : Math.max(configured, INITIAL_WINDOW);
}
