import {
  attachVerdict,
  createMap,
  deleteFromMap,
  loadVerdictProgram,
  lookUpInMap,
  updateMap,
} from "../../sys/bpf/bpf.ts";
import { MappedMemory } from "../../sys/bpf/mapped_memory.ts";
import { closeNoted, noted } from "../../sys/descriptor_ledger.ts";
import { type Fd, SyscallError } from "../../sys/libc.ts";
import { announceUnread, socketCookie } from "../../sys/tcp_state.ts";
import { Bell } from "./bell.ts";
import { Slot } from "./slots.ts";
import { SLOT, verdictProgram } from "./verdict_program.ts";

const u32 = (value: number) => new Uint8Array(Uint32Array.of(value).buffer);
const u64 = (value: number) =>
  new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);

/**
 * The kernel's side of the lane: which sockets are partners, and which of them
 * have their octets moved.
 *
 * A socket is in `sockets` from the start, so that it can be moved to, and in
 * `sources`, which has the program, from when it is moved from.
 */
export class KernelMaps implements Disposable {
  readonly bell: Bell;
  readonly #descriptors: Fd[] = [];
  readonly #slots: Fd;
  readonly #sockets: Fd;
  readonly #sources: Fd;
  readonly #state: MappedMemory;

  /** @throws {SyscallError} naming the step that the kernel refused. */
  constructor(slots: number) {
    try {
      const u32Key = { keySize: 4, entriesMax: slots };
      this.#slots = this.#map("hash", { ...u32Key, keySize: 8, valueSize: 4 });
      const state = this.#map("array", { ...u32Key, valueSize: SLOT.size });
      this.#sockets = this.#map("sockmap", { ...u32Key, valueSize: 8 });
      this.#sources = this.#map("sockmap", { ...u32Key, valueSize: 8 });
      this.bell = new Bell(slots);
      this.#descriptors.push(noted(this.bell.fd));
      const program = loadVerdictProgram(verdictProgram({
        slots: this.#slots,
        state,
        sockets: this.#sockets,
        bell: this.bell.fd,
      }));
      this.#descriptors.push(noted(program));
      attachVerdict(this.#sources, program);
      const length = slots * SLOT.size;
      this.#state = new MappedMemory(state, { length, writable: true });
    } catch (reason) {
      this.#close();
      throw reason;
    }
  }

  #map(
    type: "hash" | "array" | "sockmap",
    sizes: { keySize: number; valueSize: number; entriesMax: number },
  ): Fd {
    const fd = createMap({ type, ...sizes });
    this.#descriptors.push(noted(fd));
    return fd;
  }

  slot(index: number): Slot {
    return new Slot(this.#state.octets, index);
  }

  /**
   * Makes `fd` the socket of a slot.
   *
   * @throws {SyscallError} when the kernel does not take it, such as one whose
   * peer has ended its half.
   */
  join(index: number, fd: Fd): void {
    this.slot(index).clear();
    updateMap(this.#slots, socketCookie(fd), u32(index));
    updateMap(this.#sockets, u32(index), u64(fd));
  }

  /** Takes a slot's socket out of everything. It must be open still. */
  leave(index: number, fd: Fd): void {
    deleteFromMap(this.#sources, u32(index));
    deleteFromMap(this.#sockets, u32(index));
    deleteFromMap(this.#slots, socketCookie(fd));
  }

  /**
   * Has what `fd` receives moved to its partner, with what it has unread first.
   *
   * @returns false when the kernel does not take it: only connections that are
   * whole can be.
   */
  startMoving(index: number, fd: Fd): boolean {
    try {
      updateMap(this.#sources, u32(index), u64(fd));
    } catch (reason) {
      if (!(reason instanceof SyscallError)) throw reason;
      return false;
    }
    announceUnread(fd);
    return true;
  }

  /** Sockets that the kernel has in its maps by now. It drops closed ones by itself. */
  countSockets(slots: number): number {
    let count = 0;
    const value = new Uint8Array(8);
    for (let index = 0; index < slots; index++) {
      for (const map of [this.#sockets, this.#sources]) {
        if (lookUpInMap(map, u32(index), value)) count++;
      }
    }
    return count;
  }

  [Symbol.dispose](): void {
    this.bell[Symbol.dispose]();
    this.#state[Symbol.dispose]();
    this.#close();
  }

  #close(): void {
    for (const fd of this.#descriptors.splice(0)) closeNoted(fd);
  }
}
