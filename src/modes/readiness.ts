import type { Logger } from "../telemetry/log.ts";

/** What must be done before the process may be sent traffic. */
const TASKS = [
  "data workers",
  "state manager",
  "workload proxy manager",
] as const;
export type Task = typeof TASKS[number];

/** Knows whether the process is ready, and what is still awaited. */
export class Readiness {
  readonly #done = new Set<Task>();
  readonly #log: Logger;
  readonly #listeners: (() => void)[] = [];
  #draining = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** What is awaited; "draining" once the end has begun. */
  pending(): string[] {
    const awaited: string[] = TASKS.filter((task) => !this.#done.has(task));
    return this.#draining ? [...awaited, "draining"] : awaited;
  }

  /** A task is done, or is not any more. */
  set(task: Task, done: boolean): void {
    if (done === this.#done.has(task)) return;
    if (done) this.#done.add(task);
    else this.#done.delete(task);
    const awaited = this.pending();
    if (!done) {
      this.#log.warn(`Task '${task}' is pending again`);
    } else if (awaited.length > 0) {
      this.#log.info(
        `Task '${task}' complete, still awaiting ${awaited.length} tasks`,
      );
    } else {
      this.#log.info(`Task '${task}' complete, marking server ready`);
      for (const listener of this.#listeners) listener();
    }
  }

  /** Has it told of every time that nothing is awaited any more. */
  onReady(listener: () => void): void {
    this.#listeners.push(listener);
  }

  drain(): void {
    this.#draining = true;
  }
}
