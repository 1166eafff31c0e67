import { assert } from "../../base/assert.ts";

/** What else than unreleased octets asks the edge to stop reading. */
export interface Pressure {
  /** Octets wait for an exchange before them to end. */
  readonly backlog: boolean;
  /** The peer does not read what it gets. */
  readonly output: boolean;
}

/** Counts body octets in the application's hands, and says when to stop. */
export class Credit {
  readonly #window: number;
  #held = 0;
  #paused = false;

  /** @param window Octets that may be held before reading stops. */
  constructor(window: number) {
    this.#window = window;
  }

  get paused(): boolean {
    return this.#paused;
  }

  hold(octets: number): void {
    this.#held += octets;
  }

  release(octets: number): void {
    assert(octets <= this.#held, "released more than was held");
    this.#held -= octets;
  }

  /** Forgets what is held: nothing is read any more. */
  clear(): void {
    this.#held = 0;
    this.#paused = false;
  }

  /**
   * Decides anew.
   *
   * @returns true when reading may go on after it had to stop.
   */
  settle({ backlog, output }: Pressure): boolean {
    // Half of the window, so that it does not flicker.
    const most = this.#paused ? this.#window / 2 : this.#window;
    const before = this.#paused;
    this.#paused = this.#held > most || backlog || output;
    return before && !this.#paused;
  }
}
