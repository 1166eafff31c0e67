import { EVENT } from "../../sys/edge_watch.ts";
import type { Fd } from "../../sys/libc.ts";
import { sendNow } from "../../sys/sockets.ts";
import {
  octetsRead,
  octetsWritten,
  octetsWrittenExactly,
  receiveNow,
  tcpInfo,
} from "../../sys/tcp_state.ts";
import type { LaneWatch } from "./lane_watch.ts";

/** One socket of a pair, as both directions use it. */
export class End {
  readonly fd: Fd;
  readonly #watch: LaneWatch;
  #interest: number = EVENT.peerEnded;
  /** The peer has ended its half. */
  ended = false;

  constructor(fd: Fd, watch: LaneWatch) {
    this.fd = fd;
    this.#watch = watch;
  }

  /** Says what to be told of besides the peer's end. */
  want(what: "readable" | "writable", wanted: boolean): void {
    const event = EVENT[what];
    const interest = wanted ? this.#interest | event : this.#interest & ~event;
    if (interest === this.#interest) return;
    this.#interest = interest;
    this.#watch.change(this.fd, interest);
  }

  /** @returns as {@link receiveNow}. */
  receive(into: Uint8Array<ArrayBuffer>): number | undefined {
    return receiveNow(this.fd, into);
  }

  /** @returns how many octets it took; when not all, "writable" is told later. */
  send(octets: Uint8Array): number {
    const sent = sendNow(this.fd, octets);
    this.want("writable", sent < octets.length);
    return sent;
  }
}

/** An end that counts all octets, whoever moves them. */
export class CountedEnd extends End {
  readonly #readBefore: number;
  readonly #writtenBefore: number;

  /**
   * Counts from here on. The socket must not be in a map yet.
   *
   * @throws {SyscallError} when the connection is no more.
   */
  constructor(fd: Fd, watch: LaneWatch) {
    super(fd, watch);
    this.#readBefore = octetsRead(fd);
    this.#writtenBefore = octetsWrittenExactly(fd);
  }

  /** Octets that came from the peer, read by anybody or not. Right once it has ended. */
  get received(): number {
    const end = this.ended ? 1 : 0;
    return tcpInfo(this.fd).received - this.#readBefore - end;
  }

  /** Octets that this socket has taken towards the peer, or some less. */
  get written(): number {
    return octetsWritten(this.fd) - this.#writtenBefore;
  }
}
