import { messageOf } from "../base/errors.ts";
import { formatAddress, type Ip, ipToBytes } from "../model/address.ts";
import { closeNoted } from "../sys/descriptor_ledger.ts";
import { type Fd, SyscallError } from "../sys/libc.ts";
import { type ListeningSocket, listeningSocket } from "../sys/listening.ts";
import { inNetns } from "../sys/netns.ts";
import {
  listenTcp,
  localEnd,
  originalDestination,
  peerEnd,
  type TcpTuning,
} from "../sys/sockets.ts";
import { Accepted, type AcceptedEnds } from "./accepted.ts";
import { fromRaw } from "./addresses.ts";
import { ownDescriptorOf } from "./descriptor.ts";
import { BindError } from "./errors.ts";
import { GatheredPort, type Load } from "./gathered_port.ts";
import { LISTEN_BACKLOG } from "./limits.ts";
import { acceptFrom, openServerHandle, type TcpHandle } from "./tcp_handle.ts";

export type { Accepted, AcceptedEnds } from "./accepted.ts";

export interface ListenerOptions {
  readonly at: { readonly ip: Ip; readonly port: number };
  /** Namespace to listen in; the process's own when absent. */
  readonly netns?: Fd | undefined;
  readonly mark?: number | undefined;
  readonly reusePort: boolean;
  /**
   * Has one of those that share the port take all until it is busy, which this
   * tells. Where absent they share from the first.
   */
  readonly gather?: Load | undefined;
  readonly transparent: "require" | "try" | "off";
  readonly tuning: TcpTuning;
  /** Whether connections come by a redirect, whose target is then looked up. */
  readonly redirected: boolean;
}

/** Runs a listener; closing it leaves accepted connections alone. */
export class Listener implements Disposable {
  readonly #handle: TcpHandle;
  readonly #redirected: boolean;
  readonly #onAccept: (accepted: Accepted) => void;
  readonly #onError: (reason: unknown) => void;
  readonly #gathered: GatheredPort | undefined;
  #closed = false;
  readonly socket: ListeningSocket;

  private constructor(
    fd: Fd,
    readonly transparent: boolean,
    { redirected, reusePort, gather }: ListenerOptions,
    onAccept: (accepted: Accepted) => void,
    onError: (reason: unknown) => void,
  ) {
    this.#redirected = redirected;
    this.#onAccept = onAccept;
    this.#onError = onError;
    this.socket = listeningSocket(fd);
    this.#gathered = reusePort && gather !== undefined
      ? new GatheredPort(fd, gather)
      : undefined;
    this.#handle = openServerHandle(
      fd,
      LISTEN_BACKLOG,
      (status) => this.#onConnection(status),
    );
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
    try {
      return new Listener(fd, transparent, options, onAccept, onError);
    } catch (reason) {
      throw new BindError(formatAddress(options.at), messageOf(reason));
    }
  }

  /** The runtime swallows what is thrown here. */
  #onConnection(status: number): void {
    try {
      if (status < 0) throw new SyscallError("accept a connection", -status);
      this.#take(acceptFrom(this.#handle));
      if (!this.#closed) this.#gathered?.onAccepted();
    } catch (reason) {
      this.#onError(reason);
    }
  }

  #take(handle: TcpHandle): void {
    if (this.#closed) return handle.close();
    const accepted = describe(handle, this.#redirected);
    if (accepted === undefined) return;
    try {
      this.#onAccept(accepted);
    } catch (reason) {
      accepted.close();
      throw reason;
    }
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handle.close();
  }
}

/**
 * Looks between whom a connection is; closes it when that cannot be told.
 *
 * @returns undefined when it is gone already.
 */
function describe(
  handle: TcpHandle,
  redirected: boolean,
): Accepted | undefined {
  const fd = ownDescriptorOf(handle);
  if (fd === undefined) {
    handle.close();
    return undefined;
  }
  try {
    return new Accepted(handle, fd, endsOf(fd, redirected));
  } catch (reason) {
    closeNoted(fd);
    handle.close();
    if (reason instanceof SyscallError) return undefined;
    throw reason;
  }
}

function endsOf(fd: Fd, redirected: boolean): AcceptedEnds {
  const ends = { peer: fromRaw(peerEnd(fd)), local: fromRaw(localEnd(fd)) };
  const original = redirected ? originalDestination(fd) : undefined;
  return original === undefined
    ? ends
    : { ...ends, original: fromRaw(original) };
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
