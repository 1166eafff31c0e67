/** What every request of a tunnel goes through, at a pod and at a waypoint. */
import type { SocketAddress } from "../model/address.ts";
import type { H2Stream } from "../net/h2_stream.ts";
import type { HeaderList } from "../wire/h2/mod.ts";
import type { ProxyContext } from "./context.ts";

/** The first field of that name. */
export const fieldOf = (
  headers: HeaderList,
  name: string,
): string | undefined => headers.find(([key]) => key === name)?.[1];

/** Where a request came in. */
interface Arrival {
  readonly context: Pick<ProxyContext, "accessLog">;
  readonly src: SocketAddress;
  readonly local: SocketAddress;
}

/** Answers a request that asks for nothing we do, and says why in the log. */
export const refuserOf =
  ({ context, src, local }: Arrival, stream: H2Stream) =>
  (status: number, error: string): void => {
    stream.refuse([[":status", `${status}`]]);
    context.accessLog.failed({ src, dst: local, direction: "inbound", error });
  };

/** @returns why it opens no tunnel; undefined for CONNECT. */
export function methodFault(headers: HeaderList): string | undefined {
  const method = fieldOf(headers, ":method");
  return method === "CONNECT"
    ? undefined
    : `expected method CONNECT, got ${method}`;
}
