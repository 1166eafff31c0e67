import { errno, type Fd, SyscallError } from "../libc.ts";
import { syscalls } from "./syscalls.ts";

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;

export interface Mapping {
  readonly length: number;
  /** Default 0; whole pages. */
  readonly offset?: number;
  readonly writable: boolean;
}

/** Memory that this process and the kernel share. */
export class MappedMemory implements Disposable {
  readonly octets: ArrayBuffer;
  readonly #at: Deno.PointerObject;

  /** @throws {SyscallError} when the descriptor's memory cannot be had. */
  constructor(fd: Fd, { length, offset = 0, writable }: Mapping) {
    const protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
    const at = syscalls.mmap(
      0n,
      BigInt(length),
      protection,
      MAP_SHARED,
      fd,
      BigInt(offset),
    );
    // MAP_FAILED is all ones.
    if (at === null || Deno.UnsafePointer.value(at) === 2n ** 64n - 1n) {
      throw new SyscallError("map memory", errno());
    }
    this.#at = at;
    this.octets = Deno.UnsafePointerView.getArrayBuffer(at, length);
  }

  /** Nothing may look at {@link octets} afterwards. */
  [Symbol.dispose](): void {
    syscalls.munmap(this.#at, BigInt(this.octets.byteLength));
  }
}
