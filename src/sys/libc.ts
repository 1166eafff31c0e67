/**
 * The C library, as far as hairpin needs it. No pointer leaves `sys/`.
 *
 * Every symbol runs on the calling JavaScript thread, except those declared
 * `nonblocking`, which run on a pool thread and therefore must not depend on
 * the caller's network namespace.
 */
import { HairpinError } from "../base/errors.ts";

declare const brand: unique symbol;

/** A file descriptor of this process. */
export type Fd = number & { readonly [brand]: "Fd" };

const symbols = {
  __errno_location: { parameters: [], result: "pointer" },
  accept4: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  dup: { parameters: ["i32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: {
    parameters: ["i32", "buffer", "i32", "i32"],
    result: "i32",
    nonblocking: true,
  },
  getdents64: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  fstat: { parameters: ["i32", "buffer"], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "buffer"],
    result: "i32",
  },
  ioctl: { parameters: ["i32", "usize"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  madvise: { parameters: ["usize", "usize", "i32"], result: "i32" },
  malloc_trim: { parameters: ["usize"], result: "i32" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32" },
  poll_on_pool: {
    name: "poll",
    parameters: ["buffer", "usize", "i32"],
    result: "i32",
    nonblocking: true,
  },
  prlimit64: { parameters: ["i32", "i32", "buffer", "buffer"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  readlink: { parameters: ["buffer", "buffer", "usize"], result: "isize" },
  recvfrom: {
    parameters: ["i32", "buffer", "usize", "i32", "buffer", "buffer"],
    result: "isize",
  },
  recvmsg: { parameters: ["i32", "buffer", "i32"], result: "isize" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  sendto: {
    parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"],
    result: "isize",
  },
  sendmsg: { parameters: ["i32", "buffer", "i32"], result: "isize" },
  setns: { parameters: ["i32", "i32"], result: "i32" },
  setsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
  },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  unshare: { parameters: ["i32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
} as const satisfies Deno.ForeignLibraryInterface;

export const libc = Deno.dlopen("libc.so.6", symbols).symbols;

// The address is fixed for the life of a thread, and each worker loads this
// module for itself.
const errnoView = new Deno.UnsafePointerView(libc.__errno_location()!);

/** The thread's errno. Only good in the statement after the failing call. */
export const errno = (): number => errnoView.getInt32();

export const EINTR = 4;
export const EBADF = 9;
export const EAGAIN = 11;
export const EEXIST = 17;
export const EINVAL = 22;
export const ENOBUFS = 105;
export const EINPROGRESS = 115;

/** A system call said no. */
export class SyscallError extends HairpinError {
  readonly code = "SYSCALL";

  constructor(readonly call: string, readonly errno: number, about = "") {
    const object = about === "" ? "" : ` "${about}"`;
    super(`Cannot ${call}${object}: ${describeErrno(errno)}`);
  }
}

const ERRNO_TEXTS: Readonly<Record<number, string>> = {
  1: "Operation not permitted",
  2: "No such file or directory",
  4: "Interrupted system call",
  9: "Bad file descriptor",
  11: "Resource temporarily unavailable",
  12: "Cannot allocate memory",
  13: "Permission denied",
  17: "File exists",
  22: "Invalid argument",
  24: "Too many open files",
  32: "Broken pipe",
  92: "Protocol not available",
  97: "Address family not supported by protocol",
  98: "Address already in use",
  99: "Cannot assign requested address",
  101: "Network is unreachable",
  103: "Software caused connection abort",
  104: "Connection reset by peer",
  105: "No buffer space available",
  107: "Transport endpoint is not connected",
  110: "Connection timed out",
  111: "Connection refused",
  113: "No route to host",
  115: "Operation now in progress",
};

/** `Connection refused (os error 111)`: the text that ztunnel's users grep for. */
export function describeErrno(code: number): string {
  return `${ERRNO_TEXTS[code] ?? "System error"} (os error ${code})`;
}

/** A NUL-terminated copy, for calls that take a C string. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`) as Uint8Array<ArrayBuffer>;
}

/** Closes `fd`; an error is not reported, since nothing can be done about it. */
export function closeFd(fd: Fd): void {
  libc.close(fd);
}

/**
 * A second descriptor for what `fd` names.
 *
 * @throws {SyscallError} when the table of descriptors is full.
 */
export function dupFd(fd: Fd): Fd {
  const copy = libc.dup(fd) as Fd;
  if (copy < 0) throw new SyscallError("duplicate a descriptor", errno());
  return copy;
}
