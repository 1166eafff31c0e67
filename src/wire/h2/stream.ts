import { ReceiveWindow } from "./window.ts";

declare const brand: unique symbol;

/** A stream identifier (RFC 9113, section 5.1.1). */
export type StreamId = number & { readonly [brand]: "StreamId" };

/**
 * Where one half of a stream is: its (final) header block is still to come, it
 * carries DATA, it has ended.
 */
export type HalfState = "headers" | "body" | "ended";

/**
 * One stream that is open or half closed (RFC 9113, section 5.1). Idle and
 * closed ones have no object.
 */
export class Stream {
  receiving: HalfState = "headers";
  sending: HalfState = "headers";
  /** True once the stream was reset or both halves ended. */
  gone = false;
  /** Octets that the peer's window lets us send; may be below 0. */
  sendWindow: number;
  readonly receiveWindow: ReceiveWindow;
  /** sendData() took less than it was given, and onWritable is owed. */
  blocked = false;
  /** The request's method: what a response may contain depends on it. */
  method = "";
  /** Received DATA is a tunnel's: no trailers may follow. */
  tunnel = false;
  /** Octets of DATA still to come by content-length; undefined without one. */
  contentLeft: number | undefined = undefined;
  /** Responses of status 1xx so far. */
  informational = 0;

  constructor(
    readonly id: StreamId,
    windows: { send: number; receive: number },
  ) {
    this.sendWindow = windows.send;
    this.receiveWindow = new ReceiveWindow(windows.receive);
  }
}
