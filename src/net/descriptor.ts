import type { Socket } from "node:net";
import { noted } from "../sys/descriptor_ledger.ts";
import { closeFd, type Fd } from "../sys/libc.ts";
import type { TcpHandle } from "./tcp_handle.ts";

/** What a second descriptor can be had of. */
type Holder = Partial<Pick<TcpHandle, "fdForIpc" | "close">>;

interface WithHandle {
  _handle?: Holder | null;
}

/**
 * {@link duplicateDescriptor}, to be kept for as long as the socket: it is
 * written down, so that the connection ends even if this thread cannot end it.
 * To be closed by `closeNoted()`.
 */
export const ownDescriptor = (socket: Socket): Fd | undefined =>
  ownDescriptorOf(handleOf(socket));

/** {@link ownDescriptor} of a socket that the runtime has a handle of only. */
export function ownDescriptorOf(handle: Holder | null | undefined) {
  const fd = duplicateDescriptor(handle);
  return fd === undefined ? undefined : noted(fd);
}

/**
 * Has the runtime close its own descriptor of a socket, so that it reads and
 * writes no more; the connection goes on by another, as {@link ownDescriptor}
 * gave it. The socket does not notice, and is to be destroyed in the end.
 */
export function closeRuntimeDescriptor(socket: Socket): void {
  const held = socket as unknown as WithHandle;
  const handle = held._handle;
  held._handle = null;
  handle?.close?.();
}

const handleOf = (socket: Socket): Holder | null | undefined =>
  (socket as unknown as WithHandle)._handle;

/**
 * A second descriptor of a runtime socket, which the caller closes.
 *
 * The runtime has no public way to it: this is the one place that knows how,
 * and {@link import("../modes/self_test.ts")} proves at start that it works.
 *
 * @returns undefined when the socket is gone already.
 */
function duplicateDescriptor(
  handle: Holder | null | undefined,
): Fd | undefined {
  const fd = handle?.fdForIpc?.();
  return fd === undefined || fd < 0 ? undefined : fd as Fd;
}

/**
 * Lends the descriptor of a runtime socket to `use`.
 *
 * @returns undefined when the socket is gone already.
 */
export const withDescriptor = <T>(
  socket: Socket,
  use: (fd: Fd) => T,
): T | undefined => withDescriptorOf(handleOf(socket), use);

/** {@link withDescriptor} of a socket that the runtime has a handle of only. */
export function withDescriptorOf<T>(
  handle: Holder | null | undefined,
  use: (fd: Fd) => T,
): T | undefined {
  const fd = duplicateDescriptor(handle);
  if (fd === undefined) return undefined;
  try {
    return use(fd);
  } finally {
    closeFd(fd);
  }
}
