/** Pipes as splice(2) needs them: octets pass from socket to socket, and no memory of the process. */
import { closeNoted, noted } from "./descriptor_ledger.ts";
import { EAGAIN, EINTR, errno, type Fd, SyscallError } from "./libc.ts";

const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const F_SETPIPE_SZ = 1031;
const F_GETPIPE_SZ = 1032;
const SPLICE_F_MOVE = 1;
const SPLICE_F_NONBLOCK = 2;
const FLAGS = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;

const calls = Deno.dlopen("libc.so.6", {
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  pipe2: { parameters: ["buffer", "i32"], result: "i32" },
  splice: {
    parameters: ["i32", "pointer", "i32", "pointer", "usize", "u32"],
    result: "isize",
  },
}).symbols;

/** A pipe whose both ends are here, and that takes octets only when it is empty. */
export class Pipe {
  /** Octets that it takes at once. */
  readonly capacity: number;
  readonly #out: Fd;
  readonly #in: Fd;
  #held = 0;

  /**
   * @param octets What it should take at once. The kernel gives less to a
   * process that may not have more.
   * @throws {SyscallError} when there is none to have.
   */
  constructor(octets: number) {
    const ends = new Int32Array(2);
    if (calls.pipe2(new Uint8Array(ends.buffer), O_NONBLOCK | O_CLOEXEC) < 0) {
      throw new SyscallError("open a pipe", errno());
    }
    [this.#out, this.#in] = [noted(ends[0] as Fd), noted(ends[1] as Fd)];
    calls.fcntl(this.#in, F_SETPIPE_SZ, octets);
    const given = calls.fcntl(this.#in, F_GETPIPE_SZ, 0);
    this.capacity = Math.min(given, octets);
  }

  /** Octets that came in and have not gone out. */
  get held(): number {
    return this.#held;
  }

  /**
   * Takes in what a socket has received. Only for a pipe that holds nothing, so
   * that "nothing yet" can only be the socket's.
   *
   * @returns octets taken; 0 at the peer's end; undefined when there is nothing yet.
   * @throws {SyscallError} when the connection is no more.
   */
  fill(from: Fd): number | undefined {
    const taken = splice(from, this.#in, this.capacity);
    this.#held += taken ?? 0;
    return taken;
  }

  /**
   * Hands octets that it holds to a socket.
   *
   * @returns how many the socket took now.
   * @throws {SyscallError} when the connection is no more.
   */
  drain(to: Fd): number {
    const given = splice(this.#out, to, this.#held) ?? 0;
    this.#held -= given;
    return given;
  }

  /** Drops what it holds. */
  close(): void {
    closeNoted(this.#in);
    closeNoted(this.#out);
  }
}

function splice(from: Fd, to: Fd, octets: number): number | undefined {
  const count = Number(
    calls.splice(from, null, to, null, BigInt(octets), FLAGS),
  );
  if (count >= 0) return count;
  const code = errno();
  if (code === EAGAIN || code === EINTR) return undefined;
  throw new SyscallError("splice", code);
}
