import { noted } from "./descriptor_ledger.ts";
import { fileId } from "./file_id.ts";
import {
  closeFd,
  cString,
  errno,
  type Fd,
  libc,
  SyscallError,
} from "./libc.ts";

const EPERM = 1;
const CLONE_NEWNET = 0x40000000;
const O_RDONLY_NONBLOCK_CLOEXEC = 0x80800;
const NS_GET_NSTYPE = 0xb703;

/**
 * Opens a network namespace by its path. The caller closes the descriptor.
 *
 * @throws {SyscallError} when it cannot be opened or is no network namespace.
 */
export function openNetns(path: string): Fd {
  // Not blocking: a path may be anything, such as a pipe that nobody writes to.
  const fd = libc.open(cString(path), O_RDONLY_NONBLOCK_CLOEXEC) as Fd;
  if (fd < 0) throw new SyscallError("open", errno(), path);
  if (isNetns(fd)) return fd;
  closeFd(fd);
  throw new SyscallError("use as a network namespace", 22, path);
}

/** Whether the descriptor is a network namespace, and not some other file. */
export const isNetns = (fd: Fd): boolean =>
  libc.ioctl(fd, BigInt(NS_GET_NSTYPE)) === CLONE_NEWNET;

/**
 * What tells two namespaces apart: the inode and the device behind `fd`.
 *
 * @throws {SyscallError} when the descriptor is not open.
 */
export function netnsId(fd: Fd): string {
  const id = fileId(fd);
  if (id !== undefined) return id;
  throw new SyscallError("examine a network namespace", errno(), `fd ${fd}`);
}

/** {@link netnsId} of the namespace at a path; undefined when it is not there, or not for us. */
export function netnsIdAt(path: string): string | undefined {
  try {
    const netns = openNetns(path);
    try {
      return netnsId(netns);
    } finally {
      closeFd(netns);
    }
  } catch (reason) {
    if (reason instanceof SyscallError) return undefined;
    throw reason;
  }
}

// Each worker loads this module on its own thread, so this is that thread's.
const home = openNetns("/proc/thread-self/ns/net");

/** Has the thread's ledger know what is open here since before there was one. */
export const noteOwnNetns = (): void => void noted(home);

/** {@link netnsId} of the namespace that this process runs in. */
export const ownNetnsId = (): string => netnsId(home);

/**
 * Runs `run` with this thread inside the namespace `fd`.
 *
 * Synchronous on purpose: the namespace belongs to the thread, so anything
 * awaited here would let other work of this thread run in the wrong one.
 *
 * @throws {SyscallError} when the namespace cannot be entered.
 */
export function inNetns<T>(fd: Fd, run: () => T): T {
  if (libc.setns(fd, CLONE_NEWNET) !== 0) {
    const error = errno();
    const hint = error === EPERM
      ? ", which wants CAP_SYS_ADMIN in the user namespace that it is of"
      : "";
    throw new SyscallError(
      "enter network namespace",
      error,
      `fd ${fd}${hint}`,
    );
  }
  try {
    return run();
  } finally {
    // A thread that cannot come back would open every later socket in a pod.
    if (libc.setns(home, CLONE_NEWNET) !== 0) Deno.exit(70);
  }
}

/**
 * The addresses of the namespace `fd` that others can reach it by, as text:
 * neither loopback nor link-local ones.
 *
 * @throws {SyscallError} when the namespace cannot be entered.
 */
export function netnsAddresses(fd: Fd): readonly string[] {
  const all = inNetns(fd, () => Deno.networkInterfaces());
  return all.filter(({ name }) => name !== "lo")
    .map(({ address }) => address)
    .filter((address) => !/^(fe[89ab]|169\.254\.)/i.test(address));
}
