/** Messages on their way out, taken one by one in order. */
export class Outbox<T> implements AsyncIterable<T> {
  #queue: T[] = [];
  #ended = false;
  #wake: (() => void) | undefined;

  push(message: T): void {
    this.#queue.push(message);
    this.#wake?.();
  }

  /** Nothing more will come; what is queued is still taken. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for (;;) {
      const batch = this.#queue;
      this.#queue = [];
      yield* batch;
      if (this.#queue.length > 0) continue;
      if (this.#ended) return;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}
