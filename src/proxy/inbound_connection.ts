/** What every connection that reaches a pod goes through, however it came. */
import {
  formatAddress,
  type Ip,
  type SocketAddress,
} from "../model/address.ts";
import type { DueWaypoint } from "../decide/waypoint_due.ts";
import type { Identity } from "../model/identity.ts";
import type { Workload } from "../model/workload.ts";
import type { ByteStream } from "../net/byte_stream.ts";
import { dialStream } from "../net/dial.ts";
import type { LaneMeter } from "../net/kernel_lane/mod.ts";
import type { ReleasableStream } from "../net/releasable_stream.ts";
import type { TrafficContext } from "../telemetry/traffic.ts";
import type { Cancellation } from "./cancellation.ts";
import type { ConnectionRow } from "./connection_table.ts";
import type { ProxyContext, ServedPod } from "./context.ts";
import { type Failure, policyFailure, upstreamFailure } from "./failure.ts";
import { isRefusal, openHairpin } from "./hairpin.ts";
import {
  type ArrivedConnection,
  bypassOf,
  judgePassage,
  mayStay,
  type Passage,
} from "./passage.ts";
import { checkPolicy, denialOf } from "./policy.ts";
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
  /** The service that it called, as its tunnel says. Default: not known. */
  readonly calledHost?: string | undefined;
  readonly traffic: TrafficContext;
  readonly row: ConnectionRow;
  /** Waypoints that it has passed, as its peer tells. Default: none. */
  readonly hops?: number;
  /** Address to show to the application; its own proxy's when absent. */
  readonly from?: Ip;
  /** Where to dial, when that is not `dst`. */
  readonly dial?: SocketAddress;
  /** Octets that the application reads before the first of the client's. */
  readonly preamble?: Uint8Array;
  readonly downstream: Downstream;
  /** Told of the same octets. */
  readonly also?: LaneMeter;
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
  /** Whether we ended it: a tunnel's source hears that. Default false. */
  readonly cut?: boolean;
}

/** Waypoint, policy, the application, then octets; recorded whatever happens. */
export function serveInbound(
  context: ProxyContext,
  inbound: InboundConnection,
): Promise<InboundEnd> {
  const { pod, workload, traffic, row } = inbound;
  const subject = subjectOf(inbound);
  let passage = judgePassage(context, workload, subject);
  const bypass = bypassOf(passage);
  if (bypass !== undefined) context.figures.bypass(bypass).value++;
  const connection = new TrackedConnection(context, pod, {
    traffic: bypass === undefined ? traffic : { ...traffic, bypass },
    row,
    stillAllowed: () =>
      mayStay(context, workload, { connection: subject, passage }),
  });
  const job: Job = { context, inbound, connection };
  const goOn = async (way: Exclude<Passage, { kind: "straight" }>) => {
    if (way.kind === "refuse") {
      return refuse(inbound, policyFailure(way.because));
    }
    const turned = await turn(job, way.due);
    if (turned !== undefined) return turned;
    passage = { kind: "straight", bypass: "observe" };
    return deliver(job);
  };
  return connection.finishAfter(
    () => passage.kind === "straight" ? deliver(job) : goOn(passage),
    () => {
      if (connection.cancellation.reason !== "policy") return;
      sayPolicyChange(context, inbound);
    },
  );
}

/** One connection on its way. */
interface Job {
  readonly context: ProxyContext;
  readonly inbound: InboundConnection;
  readonly connection: TrackedConnection;
}

const subjectOf = (
  { src, dst, identity, calledHost }: InboundConnection,
): ArrivedConnection => ({ src, dst, identity, calledHost });

function refuse(
  { downstream }: InboundConnection,
  failure: Failure,
): InboundEnd {
  const status = failure.flag === "DENY" ? 401 : 503;
  downstream.refuse(status);
  return { status, failure };
}

/** Does not leave `upstream` open when there is no client for it. */
function acceptFor(upstream: ByteStream, downstream: Downstream): ByteStream {
  try {
    return downstream.accept();
  } catch (reason) {
    upstream.reset();
    throw reason;
  }
}

/** Carries the connection to its waypoint; undefined when it shall go on without. */
async function turn(
  { context, inbound, connection }: Job,
  due: DueWaypoint,
): Promise<InboundEnd | undefined> {
  const denied = denialOf(context, inbound.workload, subjectOf(inbound));
  if (denied !== undefined) return refuse(inbound, policyFailure(denied));
  let waypoint;
  try {
    waypoint = await openHairpin(context, inbound, due);
  } catch (reason) {
    const open = context.settings.waypointUnreachable === "open" &&
      !isRefusal(reason);
    const outcome = open ? "open" : "closed";
    context.figures.waypointUnreachable(outcome).value++;
    return open ? undefined : refuse(inbound, upstreamFailure(reason));
  }
  const { downstream, also } = inbound;
  const client = acceptFor(waypoint, downstream);
  return connection.carry(client, waypoint, also);
}

/** Asks policy, and carries the connection to its application. */
async function deliver(
  { context, inbound, connection }: Job,
): Promise<InboundEnd> {
  const { downstream, workload, preamble, also } = inbound;
  const verdict = checkPolicy(context, workload, subjectOf(inbound));
  if (!verdict.allow) return refuse(inbound, policyFailure(verdict.because));
  const { cancellation } = connection;
  let upstream;
  try {
    upstream = await dialApplication(context, inbound, cancellation);
  } catch (reason) {
    return refuse(
      inbound,
      cancellation.aborted ? connection.cancelled() : upstreamFailure(reason),
    );
  }
  if (preamble !== undefined) upstream.write(preamble);
  const client = acceptFor(upstream, downstream);
  return connection.carry(client, upstream, also);
}

function dialApplication(
  { settings }: ProxyContext,
  { pod, dst, dial = dst, from }: InboundConnection,
  signal: Cancellation,
): Promise<ReleasableStream> {
  const { tuning, packetMark } = settings;
  const mark = pod.deliveryMark ?? packetMark;
  return dialStream(dial, {
    netns: pod.netns,
    tuning,
    signal,
    mark,
    ...(from === undefined ? {} : { from }),
  });
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
