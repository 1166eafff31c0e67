/** What every connection that reaches a pod goes through, however it came. */
import {
  formatAddress,
  type Ip,
  type SocketAddress,
} from "../model/address.ts";
import type { Identity } from "../model/identity.ts";
import type { Workload } from "../model/workload.ts";
import type { ByteStream } from "../net/byte_stream.ts";
import { dialTcp } from "../net/dial.ts";
import type { RelayMeter } from "../net/relay.ts";
import { TcpStream } from "../net/tcp_stream.ts";
import type { TrafficContext } from "../telemetry/traffic.ts";
import type { ConnectionRow } from "./connection_table.ts";
import type { ProxyContext, ServedPod } from "./context.ts";
import { type Failure, policyFailure, upstreamFailure } from "./failure.ts";
import { checkPolicy, stillAllowed } from "./policy.ts";
import { TrackedConnection } from "./tracked_connection.ts";

/** A connection whose target is decided and whose policy is not. */
export interface InboundConnection {
  readonly pod: ServedPod;
  readonly workload: Workload;
  readonly src: SocketAddress;
  /** Proved by TLS; absent for plaintext. */
  readonly identity?: Identity;
  /** The application's address: what policies see. */
  readonly dst: SocketAddress;
  readonly traffic: TrafficContext;
  readonly row: ConnectionRow;
  /** Address to show to the application; its own proxy's when absent. */
  readonly from?: Ip;
  /** Where to dial, when that is not `dst`. */
  readonly dial?: SocketAddress;
  /** Octets that the application reads before the first of the client's. */
  readonly preamble?: Uint8Array;
  readonly downstream: Downstream;
  /** Told of the same octets. */
  readonly also?: RelayMeter;
}

/** How the side that the connection came from is answered. */
export interface Downstream {
  accept(): ByteStream;
  /** 401: policy said no; 503: the application did not answer. */
  refuse(status: 401 | 503): void;
}

/** `status` is what a tunnel answers. */
export interface InboundEnd {
  readonly status: 200 | 401 | 503;
  readonly failure: Failure | undefined;
}

/** Policy, then the application, then octets; recorded whatever happens. */
export async function serveInbound(
  context: ProxyContext,
  inbound: InboundConnection,
): Promise<InboundEnd> {
  const { pod, workload, traffic, row } = inbound;
  const subject = subjectOf(inbound);
  const connection = new TrackedConnection(context, pod, {
    traffic,
    row,
    stillAllowed: () => stillAllowed(context, workload, subject),
  });
  const end = await run(context, inbound, connection);
  connection.finish(end.failure);
  if (connection.cancellation.reason === "policy") {
    sayPolicyChange(context, inbound);
  }
  return end;
}

const subjectOf = ({ src, dst, identity }: InboundConnection) => ({
  src,
  dst,
  identity,
});

async function run(
  context: ProxyContext,
  inbound: InboundConnection,
  connection: TrackedConnection,
): Promise<InboundEnd> {
  const { downstream, workload } = inbound;
  const verdict = checkPolicy(context, workload, subjectOf(inbound));
  if (!verdict.allow) {
    downstream.refuse(401);
    return { status: 401, failure: policyFailure(verdict.because) };
  }
  const abort = new AbortController();
  connection.cancellation.during(() => abort.abort());
  let upstream;
  try {
    upstream = await dialApplication(context, inbound, abort.signal);
  } catch (reason) {
    downstream.refuse(503);
    const failure = abort.signal.aborted
      ? connection.cancelled()
      : upstreamFailure(reason);
    return { status: 503, failure };
  }
  if (inbound.preamble !== undefined) upstream.write(inbound.preamble);
  const accepted = downstream.accept();
  const failure = await connection.carry(accepted, upstream, inbound.also);
  return { status: 200, failure };
}

async function dialApplication(
  { settings }: ProxyContext,
  { pod, dst, dial = dst, from }: InboundConnection,
  signal: AbortSignal,
): Promise<TcpStream> {
  const { tuning, packetMark: mark } = settings;
  return new TcpStream(
    await dialTcp(dial, {
      netns: pod.netns,
      tuning,
      signal,
      ...(mark === undefined ? {} : { mark }),
      ...(from === undefined ? {} : { from }),
    }),
  );
}

function sayPolicyChange(
  context: ProxyContext,
  { src, dst, workload, traffic }: InboundConnection,
): void {
  const identity = traffic.sourcePrincipal ?? "None";
  context.log("proxy::connection_manager").info(
    `connection ${formatAddress(src)}(${identity})->${formatAddress(dst)} ` +
      `(${workload.uid}) closed because it's no longer allowed after a policy update`,
  );
}
