/**
 * The runtime's own handles of a TLS connection, which its TLS sockets stand
 * on. This is the one place that knows how to reach them.
 */
import type { TLSSocket } from "node:tls";
import type { TcpHandle } from "./tcp_handle.ts";

/** Told what became of what was written. */
export interface TlsWriteRequest {
  /** All that was written by now is out, or below 0 is not and will not be. */
  oncomplete(status: number): void;
}

/** What makes records of octets, and octets of records. */
export interface TlsHandle {
  /** Octets came: `readResult()` of the TCP handle tells how many. */
  onread: (() => void) | null;
  /** Has {@link onread} told of octets, and of those that came meanwhile. */
  readStart(): number;
  /** Has all octets go to `memory`, from its beginning on. */
  useUserBuffer(memory: Uint8Array): void;
  /** Takes records that came, a copy of them. */
  receive(records: Uint8Array): void;
  /** Takes it that no more will come. */
  emitEof(): void;
  /**
   * Makes records of a copy of the octets and writes them.
   *
   * @param octets At most {@link TLS_WRITE_MAX}.
   */
  writeBuffer(request: TlsWriteRequest, octets: Uint8Array): number;
}

/** What a TLS socket is made of. */
export interface TlsHandles {
  readonly tls: TlsHandle;
  readonly tcp: TcpHandle;
}

/**
 * Octets that the runtime makes records of at once. What it is given more has
 * to wait for the rest to be written, and may not be followed until then.
 */
export const TLS_WRITE_MAX = 48 * 1024;

interface WithHandle {
  readonly _handle?:
    | (TlsHandle & { _nativeTcpHandle?: TcpHandle | null })
    | null;
}

/** @returns undefined when the socket is gone already, or is not over TCP. */
export function handlesOf(socket: TLSSocket): TlsHandles | undefined {
  const tls = (socket as unknown as WithHandle)._handle;
  const tcp = tls?._nativeTcpHandle;
  return tls && tcp ? { tls, tcp } : undefined;
}
