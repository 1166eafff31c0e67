import { endWriting, widenReceiving } from "../../sys/tcp_state.ts";
import type { Pipe } from "../../sys/pipes.ts";
import {
  BUSY_OCTETS,
  BUSY_TICK_MS,
  PUMP_OCTETS,
  QUIET_OCTETS,
  QUIET_TICKS,
  RECEIVE_OCTETS,
  SPLICE_TURN_OCTETS,
} from "./limits.ts";
import type { DirectionOptions, PairDirection } from "./pair.ts";
import type { Pipes } from "./pipes.ts";

/** All of a worker's directions read into the same memory. */
const buffer = new Uint8Array(PUMP_OCTETS);

/**
 * One direction whose octets pass by splice(2) through a pipe, which it has only
 * while the far side does not take what it holds.
 *
 * What each octet costs depends on how many are moved at once. So a direction
 * that moves many is `busy`: it does not ask when there are more, and looks
 * again a tick later, as network cards are polled under load.
 */
export class SpliceDirection implements PairDirection {
  readonly #options: DirectionOptions;
  readonly #pipes: Pipes;
  #pipe: Pipe | undefined;
  /** Octets that were read here; counted already. */
  #pending: Uint8Array[];
  #busy = false;
  #quietTicks = 0;
  #widened = false;
  #done = false;

  constructor(options: DirectionOptions, pipes: Pipes) {
    this.#options = options;
    this.#pipes = pipes;
    this.#pending = [...options.pending];
  }

  get done(): boolean {
    return this.#done;
  }

  advance(): void {
    if (!this.#busy && !this.#done) this.#turn();
  }

  release(): void {
    if (this.#pipe !== undefined) this.#pipes.giveBack(this.#pipe);
    this.#pipe = undefined;
  }

  #turn(): void {
    const moved = this.#move();
    if (!this.#done) this.#arrangeNext(moved);
  }

  /** @returns octets that came in, as far as one turn goes. */
  #move(): number {
    let moved = 0;
    while (moved < SPLICE_TURN_OCTETS && this.#handOn()) {
      const count = this.#take();
      if (count === 0) this.#finish();
      if (count === undefined || count === 0) break;
      moved += count;
    }
    if (!this.#holds) this.release();
    return moved;
  }

  get #holds(): boolean {
    return this.#pending.length > 0 || (this.#pipe?.held ?? 0) > 0;
  }

  /** @returns whether nothing is left here. */
  #handOn(): boolean {
    const { to, count } = this.#options;
    for (let [first] = this.#pending; first !== undefined;) {
      const sent = to.send(first);
      if (sent < first.length) {
        this.#pending[0] = first.subarray(sent);
        return false;
      }
      this.#pending.shift();
      [first] = this.#pending;
    }
    while (this.#pipe !== undefined && this.#pipe.held > 0) {
      const given = this.#pipe.drain(to.fd);
      if (given === 0) return false;
      count(given);
    }
    return true;
  }

  /** By a pipe, or by user space where there is none to have. */
  #take(): number | undefined {
    const { from, count } = this.#options;
    this.#pipe ??= this.#pipes.borrow();
    if (this.#pipe !== undefined) return this.#pipe.fill(from.fd);
    const length = from.receive(buffer);
    if (length === undefined || length === 0) return length;
    count(length);
    this.#pending.push(buffer.slice(0, length));
    return length;
  }

  /** Sees to it that there is a next turn: at a tick, or when a socket is ready. */
  #arrangeNext(moved: number): void {
    const { from, to, later } = this.#options;
    this.#setBusy(moved);
    const holds = this.#holds;
    from.want("readable", !this.#busy && !holds);
    to.want("writable", !this.#busy && holds);
    if (!this.#busy) return;
    const ms = moved < SPLICE_TURN_OCTETS ? BUSY_TICK_MS : 0;
    later(ms, () => this.#turn());
  }

  #setBusy(moved: number): void {
    this.#quietTicks = moved < QUIET_OCTETS ? this.#quietTicks + 1 : 0;
    if (this.#busy) this.#busy = this.#quietTicks < QUIET_TICKS;
    else if (moved >= BUSY_OCTETS) this.#becomeBusy();
  }

  #becomeBusy(): void {
    this.#busy = true;
    if (this.#widened) return;
    this.#widened = true;
    widenReceiving(this.#options.from.fd, RECEIVE_OCTETS);
  }

  #finish(): void {
    const { from, to, onDone } = this.#options;
    this.#done = true;
    from.want("readable", false);
    to.want("writable", false);
    endWriting(to.fd);
    onDone();
  }
}
