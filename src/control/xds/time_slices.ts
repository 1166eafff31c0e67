/** Divides long work into slices, so that everything else is heard between. */
export class TimeSlices {
  readonly #sliceMs: number;
  #beganMs = performance.now();

  constructor(sliceMs: number) {
    this.#sliceMs = sliceMs;
  }

  /** Whether the slice is used up; then {@link next} is due. */
  get over(): boolean {
    return performance.now() - this.#beganMs >= this.#sliceMs;
  }

  /** Begins the next slice, after everybody else's turn. */
  async next(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#beganMs = performance.now();
  }
}
