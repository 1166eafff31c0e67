import { Pipe } from "../../sys/pipes.ts";
import { SyscallError } from "../../sys/libc.ts";
import { PIPE_OCTETS, PIPES_IDLE_MAX, PIPES_MAX } from "./limits.ts";

/** The pipes of one thread. Whoever holds octets for a slow reader has one. */
export class Pipes implements Disposable {
  readonly #max: number;
  readonly #idle: Pipe[] = [];
  #lent = 0;

  /** @param max Lent at a time. */
  constructor(max = PIPES_MAX) {
    this.#max = max;
  }

  /** Pipes that somebody has. */
  get lent(): number {
    return this.#lent;
  }

  /**
   * An empty pipe, to be given back.
   *
   * @returns undefined when all are lent, or the kernel gives no more.
   */
  borrow(): Pipe | undefined {
    if (this.#lent >= this.#max) return undefined;
    const pipe = this.#idle.pop() ?? open();
    if (pipe !== undefined) this.#lent++;
    return pipe;
  }

  /** Drops what the pipe still holds. */
  giveBack(pipe: Pipe): void {
    this.#lent--;
    if (pipe.held === 0 && this.#idle.length < PIPES_IDLE_MAX) {
      this.#idle.push(pipe);
    } else pipe.close();
  }

  [Symbol.dispose](): void {
    for (const pipe of this.#idle.splice(0)) pipe.close();
  }
}

function open(): Pipe | undefined {
  try {
    return new Pipe(PIPE_OCTETS);
  } catch (reason) {
    if (!(reason instanceof SyscallError)) throw reason;
    return undefined; // no more descriptors, or not for pipes
  }
}
