/** Listeners of a thread that can no longer close them itself. */
import { fileId } from "./file_id.ts";
import { type Fd, libc } from "./libc.ts";
import { stopReceiving } from "./udp.ts";

const SHUT_RDWR = 2;

/** A listening socket, told from another that is given its number later. Plain data. */
export interface ListeningSocket {
  readonly fd: Fd;
  readonly id: string | undefined;
  /** Whether it takes datagrams, not connections. */
  readonly datagrams?: true;
}

export const listeningSocket = (fd: Fd): ListeningSocket => ({
  fd,
  id: fileId(fd),
});

/**
 * Makes a socket listen no more, from any thread; whoever waits in its queue
 * goes over to the others that listen on its address. The descriptor stays its
 * owner's. Harmless when that one has closed it.
 *
 * @see listen(2); tcp(7), and `tcp_migrate_req` in the kernel's ip-sysctl
 */
export function stopListening(socket: ListeningSocket): void {
  const { fd, id, datagrams } = socket;
  if (id === undefined || fileId(fd) !== id) return;
  if (datagrams) stopReceiving(fd);
  else libc.shutdown(fd, SHUT_RDWR);
}
