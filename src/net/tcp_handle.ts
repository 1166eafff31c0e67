/**
 * The runtime's own TCP handles, which its sockets stand on. This is the one
 * place that knows how to make one; {@link import("../modes/self_test.ts")}
 * proves at start that they do what is said of them here.
 */
import process from "node:process";
import { closeFd, type Fd, SyscallError } from "../sys/libc.ts";

/** A TCP socket that the runtime waits for and reads, and owns. */
export interface TcpHandle {
  /** A read has ended: {@link readResult} tells how. */
  onread: ((this: this) => void) | null;
  /** Somebody waits to be accepted; `status` is below 0 when that is not so. */
  onconnection: ((status: number) => void) | null;
  readStart(): number;
  readStop(): number;
  /** Has all reads go to `memory`, from its beginning on. */
  useUserBuffer(memory: Uint8Array): void;
  open(fd: number): number;
  listen(backlog: number): number;
  accept(client: TcpHandle): number;
  /** A second descriptor, which the caller closes; below 0 when it is closed. */
  fdForIpc(): number;
  close(): void;
}

interface TcpBinding {
  readonly TCP: new (kind: number) => TcpHandle;
  readonly constants: { readonly SOCKET: number; readonly SERVER: number };
}

interface StreamBinding {
  readonly kReadBytesOrError: number;
  readonly streamBaseState: Int32Array;
}

const bindings = process as unknown as { binding(name: string): unknown };
const { TCP, constants } = load<TcpBinding>("tcp_wrap");
const { kReadBytesOrError, streamBaseState } = load<StreamBinding>(
  "stream_wrap",
);

/** What the runtime has by a name; nothing where it has none, as the first use shows. */
function load<T>(name: string): T {
  try {
    return bindings.binding(name) as T;
  } catch {
    return {} as T;
  }
}

/** Says in {@link readResult} that the peer has ended its half. */
export const READ_END = -4095;

/**
 * What the read came to that a handle tells of just now: octets, or below 0
 * {@link READ_END} or an errno with its sign turned.
 */
export const readResult = (): number => streamBaseState[kReadBytesOrError] ?? 0;

/** A handle for a connected descriptor, which it owns from here on. @throws {SyscallError} */
export function openHandle(fd: Fd): TcpHandle {
  const handle = new TCP(constants.SOCKET);
  mustOpen(handle, fd);
  return handle;
}

/**
 * A handle that accepts for a listening descriptor, which it owns from here on.
 *
 * @throws {SyscallError}
 */
export function openServerHandle(
  fd: Fd,
  backlog: number,
  onConnection: (status: number) => void,
): TcpHandle {
  const handle = new TCP(constants.SERVER);
  mustOpen(handle, fd);
  handle.onconnection = onConnection;
  const status = handle.listen(backlog);
  if (status === 0) return handle;
  handle.close();
  throw new SyscallError("listen on a socket", -status);
}

/** Takes the connection that a handle told of. @throws {SyscallError} */
export function acceptFrom(server: TcpHandle): TcpHandle {
  const client = new TCP(constants.SOCKET);
  const status = server.accept(client);
  if (status !== 0) throw new SyscallError("accept a connection", -status);
  return client;
}

function mustOpen(handle: TcpHandle, fd: Fd): void {
  const status = handle.open(fd);
  if (status === 0) return;
  closeFd(fd);
  throw new SyscallError("open a socket", -status);
}
