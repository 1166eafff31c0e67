import type { Socket } from "node:net";
import { closeFd, type Fd } from "../sys/libc.ts";

interface WithHandle {
  readonly _handle?: { fdForIpc?(): number } | null;
}

/**
 * A second descriptor of a runtime socket, which the caller closes.
 *
 * The runtime has no public way to it: this is the one place that knows how,
 * and {@link import("../modes/self_test.ts")} proves at start that it works.
 *
 * @returns undefined when the socket is gone already.
 */
export function duplicateDescriptor(socket: Socket): Fd | undefined {
  const fd = (socket as unknown as WithHandle)._handle?.fdForIpc?.();
  return fd === undefined || fd < 0 ? undefined : fd as Fd;
}

/**
 * Lends the descriptor of a runtime socket to `use`.
 *
 * @returns undefined when the socket is gone already.
 */
export function withDescriptor<T>(
  socket: Socket,
  use: (fd: Fd) => T,
): T | undefined {
  const fd = duplicateDescriptor(socket);
  if (fd === undefined) return undefined;
  try {
    return use(fd);
  } finally {
    closeFd(fd);
  }
}
