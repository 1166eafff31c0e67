import type { Socket } from "node:net";
import { closeFd, type Fd } from "../sys/libc.ts";

interface WithHandle {
  readonly _handle?: { fdForIpc?(): number } | null;
}

/**
 * Lends the descriptor of a runtime socket to `use`.
 *
 * The runtime has no public way to it: this is the one place that knows how,
 * and {@link import("./self_test.ts")} proves at start that it still works.
 *
 * @returns undefined when the socket is gone already.
 */
export function withDescriptor<T>(
  socket: Socket,
  use: (fd: Fd) => T,
): T | undefined {
  const fd = (socket as unknown as WithHandle)._handle?.fdForIpc?.();
  if (fd === undefined || fd < 0) return undefined;
  try {
    return use(fd as Fd);
  } finally {
    closeFd(fd as Fd); // it was a duplicate
  }
}
