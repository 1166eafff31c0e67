import type { Fd } from "./libc.ts";

/** `struct msghdr`, `struct iovec` and `struct cmsghdr` of 64-bit Linux. */
const MSGHDR_SIZE = 56;
const IOVEC_SIZE = 16;
const CMSGHDR_SIZE = 16;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const OFFSET_OF_NAME = 0;
const OFFSET_OF_NAMELEN = 8;
const OFFSET_OF_IOV = 16;
const OFFSET_OF_IOVLEN = 24;
const OFFSET_OF_CONTROL = 32;
const OFFSET_OF_CONTROLLEN = 40;
const OFFSET_OF_FLAGS = 48;

/** Octets that a control message takes of so much data, up to the next one. */
export const controlSize = (dataSize: number): number =>
  (CMSGHDR_SIZE + dataSize + 7) & ~7;

/**
 * The memory of one sendmsg(2) or recvmsg(2). Its parts point at each other, so
 * it must be kept alive until the call has returned.
 */
export class MessageBuffer {
  /** What the call is given. */
  readonly header = new Uint8Array(MSGHDR_SIZE);
  readonly data: Uint8Array<ArrayBuffer>;
  readonly #iovec = new Uint8Array(IOVEC_SIZE);
  readonly #control: Uint8Array<ArrayBuffer>;
  readonly #name: Uint8Array<ArrayBuffer> | undefined;

  /**
   * @param data What is sent, or room for what is received.
   * @param control What goes with it, or for how many descriptors to have room.
   * @param name The peer's address, or room for it; only for datagrams.
   */
  constructor(
    data: Uint8Array<ArrayBuffer>,
    control: Uint8Array<ArrayBuffer> | number,
    name?: Uint8Array<ArrayBuffer>,
  ) {
    this.data = data;
    this.#name = name;
    this.#control = typeof control === "number"
      ? new Uint8Array(controlSize(4 * control))
      : control;
    const iovec = new DataView(this.#iovec.buffer);
    iovec.setBigUint64(0, addressOf(data), true);
    iovec.setBigUint64(8, BigInt(data.length), true);
    const header = this.#view();
    if (this.#name !== undefined) {
      header.setBigUint64(OFFSET_OF_NAME, addressOf(this.#name), true);
      header.setUint32(OFFSET_OF_NAMELEN, this.#name.length, true);
    }
    header.setBigUint64(OFFSET_OF_IOV, addressOf(this.#iovec), true);
    header.setBigUint64(OFFSET_OF_IOVLEN, 1n, true);
    header.setBigUint64(OFFSET_OF_CONTROL, addressOf(this.#control), true);
    const length = BigInt(this.#control.length);
    header.setBigUint64(OFFSET_OF_CONTROLLEN, length, true);
  }

  /** The control messages received. */
  control(): Uint8Array {
    const length = this.#view().getBigUint64(OFFSET_OF_CONTROLLEN, true);
    return this.#control.subarray(0, Number(length));
  }

  /** The flags that the kernel set on receiving. */
  flags(): number {
    return this.#view().getInt32(OFFSET_OF_FLAGS, true);
  }

  #view(): DataView {
    return new DataView(this.header.buffer);
  }
}

function addressOf(octets: Uint8Array<ArrayBuffer>): bigint {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(octets));
}

/** What goes with a message, beside its data. */
export interface ControlMessage {
  readonly level: number;
  readonly kind: number;
  readonly data: Uint8Array;
}

/** One control message, with what {@link controlSize} adds to it. */
export function encodeControl(
  { level, kind, data }: ControlMessage,
): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(controlSize(data.length));
  const view = new DataView(octets.buffer);
  view.setBigUint64(0, BigInt(CMSGHDR_SIZE + data.length), true);
  view.setInt32(8, level, true);
  view.setInt32(12, kind, true);
  octets.set(data, CMSGHDR_SIZE);
  return octets;
}

/** All control messages; the last one's data may be cut short. */
export function* decodeControl(control: Uint8Array): Generator<ControlMessage> {
  const view = viewOf(control);
  for (let at = 0; at + CMSGHDR_SIZE <= control.length;) {
    const length = Number(view.getBigUint64(at, true));
    const end = Math.max(CMSGHDR_SIZE, length);
    yield {
      level: view.getInt32(at + 8, true),
      kind: view.getInt32(at + 12, true),
      data: control.subarray(at + CMSGHDR_SIZE, at + end),
    };
    at += controlSize(end - CMSGHDR_SIZE);
  }
}

/** One SCM_RIGHTS control message; nothing for no descriptors. */
export function encodeRights(fds: readonly Fd[]): Uint8Array<ArrayBuffer> {
  if (fds.length === 0) return new Uint8Array();
  const data = new Uint8Array(Int32Array.from(fds).buffer);
  return encodeControl({ level: SOL_SOCKET, kind: SCM_RIGHTS, data });
}

/** All descriptors that came with a message, whatever else came. */
export function decodeRights(control: Uint8Array): Fd[] {
  const fds: Fd[] = [];
  for (const { level, kind, data } of decodeControl(control)) {
    if (level !== SOL_SOCKET || kind !== SCM_RIGHTS) continue;
    const view = viewOf(data);
    for (let at = 0; at + 4 <= data.length; at += 4) {
      fds.push(view.getInt32(at, true) as Fd);
    }
  }
  return fds;
}

const viewOf = (octets: Uint8Array): DataView =>
  new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
