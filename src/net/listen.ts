import { createServer, type Server, type Socket } from "node:net";
import { messageOf } from "../base/errors.ts";
import {
  formatAddress,
  type Ip,
  ipToBytes,
  type SocketAddress,
} from "../model/address.ts";
import type { Fd } from "../sys/libc.ts";
import { type ListeningSocket, listeningSocket } from "../sys/listening.ts";
import { inNetns } from "../sys/netns.ts";
import {
  listenTcp,
  originalDestination,
  type TcpTuning,
} from "../sys/sockets.ts";
import { fromRaw, localAddress, peerAddress } from "./addresses.ts";
import { withDescriptor } from "./descriptor.ts";
import { BindError } from "./errors.ts";
import { LISTEN_BACKLOG, WRITE_QUEUE_MAX } from "./limits.ts";

export interface ListenerOptions {
  readonly at: { readonly ip: Ip; readonly port: number };
  /** Namespace to listen in; the process's own when absent. */
  readonly netns?: Fd | undefined;
  readonly mark?: number | undefined;
  readonly reusePort: boolean;
  readonly transparent: "require" | "try" | "off";
  readonly tuning: TcpTuning;
  /** Whether connections come by a redirect, whose target is then looked up. */
  readonly redirected: boolean;
}

/** A connection as a listener hands it over. */
export interface Accepted {
  readonly socket: Socket;
  readonly peer: SocketAddress;
  /** This end as the socket shows it: after any redirect. */
  readonly local: SocketAddress;
  /** Where the peer wanted to go; absent when nothing redirected it. */
  readonly original?: SocketAddress;
}

/** Runs a listener; closing it leaves accepted connections alone. */
export class Listener implements Disposable {
  readonly #server: Server;

  private constructor(
    server: Server,
    readonly transparent: boolean,
    readonly socket: ListeningSocket,
  ) {
    this.#server = server;
  }

  /**
   * Listens and serves.
   *
   * @param onError told of a connection that could not be taken.
   * @throws {BindError} when the address cannot be had.
   */
  static open(
    options: ListenerOptions,
    onAccept: (accepted: Accepted) => void,
    onError: (reason: unknown) => void,
  ): Listener {
    const { fd, transparent } = openSocket(options);
    const listening = listeningSocket(fd);
    const server = createServer({
      allowHalfOpen: true,
      highWaterMark: WRITE_QUEUE_MAX,
    }, (socket) => {
      // The runtime swallows what a connection callback throws.
      try {
        const accepted = describe(socket, options.redirected);
        if (accepted === undefined) socket.destroy();
        else onAccept(accepted);
      } catch (reason) {
        socket.destroy();
        onError(reason);
      }
    });
    server.on("error", onError);
    server.listen({ fd });
    return new Listener(server, transparent, listening);
  }

  [Symbol.dispose](): void {
    this.#server.close();
  }
}

function openSocket(options: ListenerOptions) {
  const { at, mark, reusePort, transparent, tuning } = options;
  const open = () =>
    listenTcp({
      at: { ip: ipToBytes(at.ip), port: at.port },
      backlog: LISTEN_BACKLOG,
      reusePort,
      transparent,
      tuning,
      ...(mark === undefined ? {} : { mark }),
    });
  try {
    return options.netns === undefined ? open() : inNetns(options.netns, open);
  } catch (reason) {
    throw new BindError(formatAddress(at), messageOf(reason));
  }
}

function describe(socket: Socket, redirected: boolean): Accepted | undefined {
  const peer = peerAddress(socket);
  const local = localAddress(socket);
  if (peer === undefined || local === undefined) return undefined;
  const original = redirected
    ? withDescriptor(socket, originalDestination)
    : undefined;
  if (original === undefined) return { socket, peer, local };
  return { socket, peer, local, original: fromRaw(original) };
}
