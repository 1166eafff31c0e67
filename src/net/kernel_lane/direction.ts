import { endWriting } from "../../sys/tcp_state.ts";
import type { CountedEnd } from "./end.ts";
import {
  LATE_LOOKS,
  PUMP_OCTETS,
  PUMP_TURN_OCTETS,
  RECHECK_MAX_MS,
  RECHECK_MIN_MS,
} from "./limits.ts";
import type { DirectionOptions, PairDirection } from "./pair.ts";
import type { Slot } from "./slots.ts";

/** The kernel's part of one direction. */
export interface Mover {
  readonly slot: Slot;
  /** @returns false when the kernel does not take it as it is. */
  start(): boolean;
  /** Octets that may wait in the kernel for the reader, as things stand. */
  waitingMax(): number;
}

/** All of a worker's directions read into the same memory. */
const buffer = new Uint8Array(PUMP_OCTETS);

/**
 * One direction of a joined pair.
 *
 * - `user`: read and written here; so it begins, and so it stays when the kernel
 *   does not take the connection, being half closed.
 * - `moved`: the kernel carries it, and rings now and then, for a look at how
 *   much waits for the reader. Too much, and the program leaves what comes in its
 *   socket, where that counts and in the end stops the sender. It is passed on
 *   from here, until all of it is and the kernel goes on.
 *
 * A socket is never taken out of the map to hold it: what the kernel has in its
 * hands at that moment would be lost.
 */
export class Direction implements PairDirection {
  readonly #options: DirectionOptions<CountedEnd>;
  readonly #mover: Mover | undefined;
  #state: "user" | "moved" | "done" = "user";
  #pending: Uint8Array[];
  /** Octets since the sockets were joined, by user space. */
  #read = 0;
  #written = 0;
  /** Of those read, the ones that the program left here and still believes unread. */
  #taken = 0;
  /** Moved octets that have been told to the meter. */
  #counted = 0;
  /** The kernel has said that it does not move from this socket. */
  #refused = false;
  #waitMs = RECHECK_MIN_MS;

  /** @param mover Absent when the kernel is not to move anything. */
  constructor(
    options: DirectionOptions<CountedEnd>,
    mover: Mover | undefined,
  ) {
    this.#options = options;
    this.#mover = mover;
    this.#pending = [...options.pending];
  }

  get done(): boolean {
    return this.#state === "done";
  }

  advance(): void {
    switch (this.#state) {
      case "user":
        return this.#pump();
      case "moved":
        return this.#look();
      case "done":
        return;
      default:
        throw new Error(`unhandled: ${this.#state satisfies never}`);
    }
  }

  countMoved(): void {
    const moved = this.#moved;
    if (moved > this.#counted) this.#options.count(moved - this.#counted);
    this.#counted = moved;
  }

  get #moved(): number {
    return this.#mover?.slot.moved ?? 0;
  }

  /** Octets that the kernel holds for the far socket; a few too many at times. */
  get #waiting(): number {
    return this.#moved + this.#written - this.#options.to.written;
  }

  #look(): void {
    const { from } = this.#options;
    const { slot, waitingMax } = this.#mover!;
    if (slot.unread > 0) return this.#passLeft(slot);
    const waiting = this.#waiting;
    if (from.ended && this.#moved + this.#read >= from.received) {
      return waiting <= 0 ? this.#finish() : this.#wait();
    }
    const max = waitingMax();
    if (waiting > max) slot.leaveAll();
    else this.#setAlarm(waiting);
    // The program may be a moment behind the end, too.
    if (waiting > max || from.ended) this.#wait();
    else this.#waitMs = RECHECK_MIN_MS;
  }

  /** Rings after so much more, and leaves octets here if nobody comes then. */
  #setAlarm(waiting: number): void {
    const { slot, waitingMax } = this.#mover!;
    const look = waitingMax();
    slot.setAlarm(look, Math.max(0, look * LATE_LOOKS - waiting));
  }

  #wait(): void {
    this.#later(this.#waitMs);
    this.#waitMs = Math.min(this.#waitMs * 2, RECHECK_MAX_MS);
  }

  /**
   * Passes on what the program has left here, after all that it has moved. It
   * goes back to moving by itself, once it is told that everything is read.
   */
  #passLeft(slot: Slot): void {
    const { from } = this.#options;
    if (this.#taken === 0 && this.#waiting > 0) return this.#wait();
    this.#waitMs = RECHECK_MIN_MS;
    if (!this.#sendPending()) return;
    while (slot.unread > this.#taken) {
      const left = Math.min(slot.unread - this.#taken, buffer.length);
      const count = from.receive(buffer.subarray(0, left)) ?? 0;
      if (count === 0) return from.want("readable", true);
      this.#taken += count;
      this.#pass(buffer.subarray(0, count));
      if (this.#pending.length > 0) return from.want("readable", false);
    }
    from.want("readable", false);
    this.#setAlarm(0);
    slot.addRead(this.#taken);
    this.#taken = 0;
    // Something may have been left between the last look and now.
    this.#later(RECHECK_MIN_MS);
  }

  #pump(): void {
    if (!this.#sendPending()) return;
    const { from } = this.#options;
    for (let octets = 0; octets < PUMP_TURN_OCTETS;) {
      const count = from.receive(buffer);
      if (count === undefined) return this.#handOver();
      if (count === 0) return this.#finish();
      this.#pass(buffer.subarray(0, count));
      if (this.#pending.length > 0) return from.want("readable", false);
      octets += count;
    }
    this.#later(0);
  }

  #later(ms: number): void {
    this.#options.later(ms, () => this.advance());
  }

  get #mayMove(): boolean {
    return this.#mover !== undefined && !this.#refused;
  }

  /**
   * Has the kernel take over, unless it has refused. Nothing may be unread: of
   * what was read in part the kernel would move all.
   */
  #handOver(): void {
    const { from } = this.#options;
    if (this.#mayMove) {
      this.#setAlarm(0);
      this.#refused = !this.#mover!.start();
    }
    from.want("readable", !this.#mayMove);
    if (!this.#mayMove) return;
    this.#state = "moved";
    this.#look();
  }

  /** Writes octets that were read here; the rest stays pending. */
  #pass(octets: Uint8Array): void {
    const { to, count } = this.#options;
    count(octets.length);
    this.#read += octets.length;
    const sent = to.send(octets);
    this.#written += sent;
    if (sent < octets.length) this.#pending.push(octets.slice(sent));
  }

  /** @returns whether all is out. */
  #sendPending(): boolean {
    const { to } = this.#options;
    while (this.#pending.length > 0) {
      const [first] = this.#pending as [Uint8Array];
      const sent = to.send(first);
      this.#written += sent;
      if (sent < first.length) {
        this.#pending[0] = first.subarray(sent);
        return false;
      }
      this.#pending.shift();
    }
    return true;
  }

  #finish(): void {
    const { from, to, onDone } = this.#options;
    this.countMoved();
    this.#state = "done";
    from.want("readable", false);
    endWriting(to.fd);
    onDone();
  }
}
