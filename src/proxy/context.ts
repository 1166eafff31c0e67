/** What one connection may use on its way: handles with no more rights than that. */
import type { Ip } from "../model/address.ts";
import type { WorkloadCertificate } from "../model/certificate.ts";
import type { Identity } from "../model/identity.ts";
import type { MeshReader } from "../model/mesh_state.ts";
import type { Workload } from "../model/workload.ts";
import type { Fd, TcpTuning } from "../net/handles.ts";
import type { KernelLanes } from "../net/kernel_lane/mod.ts";
import type { SessionSet } from "../net/session_set.ts";
import type { TlsServers } from "../net/tls_servers.ts";
import type { TunnelPool } from "../net/tunnel_pool.ts";
import type { AccessLog } from "../telemetry/access_log.ts";
import type { HairpinMetrics } from "../telemetry/hairpin_metrics.ts";
import type { Logger } from "../telemetry/log.ts";
import type { TrafficMetrics } from "../telemetry/traffic.ts";
import type { CrlGuard } from "./crl_guard.ts";
import type { ConnectionTable } from "./connection_table.ts";
import type { Lookups } from "./look_up.ts";

/** The settings that connections depend on. */
export interface ProxySettings {
  readonly network: string;
  readonly packetMark: number | undefined;
  readonly tuning: TcpTuning;
  readonly http2: {
    readonly streamWindow: number;
    readonly connectionWindow: number;
    readonly frameSize: number;
  };
  readonly nodeLocalLane: boolean;
  /** What happens to a connection that reached a pod past its waypoint. */
  readonly waypointBypass: "hairpin" | "reject" | "observe";
  /** Whether it goes on without the waypoint when that cannot be reached. */
  readonly waypointUnreachable: "fail" | "open";
  readonly responseBaggage: boolean;
  readonly localhostAppTunnel: boolean;
  /** Whether tunnels may be of TLS 1.2 too. Default false. */
  readonly tls12?: boolean;
  /** Whether pods have listeners, beside DNS. Default true. */
  readonly listeners?: boolean;
  /** Whether pods may also ask by SOCKS5. Default false. */
  readonly socks5?: boolean;
  /** Log policy decisions at info instead of debug. */
  readonly authzInfoLogging: boolean;
}

/** Who is enrolled, as its enrolment says; the mesh's record is looked up by it. */
export interface PodInfo {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Whether it is this process's own pod, which only takes tunnels. Default false. */
  readonly own?: true;
  /**
   * Its addresses, by which listeners that it shares with the other pods of the
   * node tell its connections. Default: it has listeners of its own.
   */
  readonly ips?: readonly Ip[];
}

/** Current certificates by identity. */
export interface CertificateReader {
  /**
   * Waits for a certificate that is on its way.
   *
   * @throws {IdentityError} when there is none to be had now.
   */
  get(identity: Identity): Promise<WorkloadCertificate>;
}

/** One pod that this process serves. */
export interface ServedPod {
  readonly info: PodInfo;
  /**
   * undefined: the one that this process runs in. To be read when it is used:
   * the descriptor is another's once the pod is gone, and reading it throws.
   */
  readonly netns: Fd | undefined;
  readonly connections: ConnectionTable;
  /** Tunnels that this pod opened. */
  readonly pool: TunnelPool;
  /** Tunnels that were opened to this pod. */
  readonly inboundSessions: SessionSet;
  /** Whether the peer's address may be kept towards the application. */
  readonly transparent: boolean;
  /** Which of its addresses to show to `to`. Default: whichever the namespace has. */
  sourceTo?(to: Ip): Ip | undefined;
  /** Mark of what is brought to the application. Default: as for all else. */
  readonly deliveryMark?: number | undefined;
  /** The addresses of a name as the pod would get them. Default: none known. */
  lookUp?(name: string, family: 4 | 6): Promise<readonly Ip[]>;
}

/** All that a worker's connections share. */
export interface ProxyContext {
  readonly settings: ProxySettings;
  readonly mesh: MeshReader;
  /** Set where the mesh is told on demand. */
  readonly lookups?: Lookups;
  readonly certificates: CertificateReader;
  readonly tlsServers: TlsServers;
  /** Set where revocation lists are followed. */
  readonly crlGuard?: CrlGuard;
  /** Absent where all octets go by user space. */
  readonly kernelLanes: KernelLanes | undefined;
  readonly traffic: TrafficMetrics;
  readonly figures: HairpinMetrics;
  readonly accessLog: AccessLog;
  /** By scope name, such as `proxy::inbound`. */
  log(scope: string): Logger;
  random(): number;
  /** Fills with random octets, for trace identifiers. */
  randomBytes(count: number): Uint8Array;
  /** The mesh's record of a pod served here; waits a little for it. */
  workloadOf(pod: PodInfo): Promise<Workload | undefined>;
  /** The pod served by this process that a workload record describes. */
  localPod(workload: Workload): ServedPod | undefined;
}

/** The identity that a workload record gives its pod. */
export const identityOf = (workload: Workload): Identity => ({
  trustDomain: workload.trustDomain,
  namespace: workload.namespace,
  serviceAccount: workload.serviceAccount,
});

/** Where a pod's own connection to `to` comes from; to be asked when dialling. */
export function placeToDialFrom(
  pod: Pick<ServedPod, "netns" | "sourceTo">,
  to: Ip,
): { readonly netns: Fd | undefined; readonly from?: Ip } {
  const { netns } = pod;
  const from = pod.sourceTo?.(to);
  return from === undefined ? { netns } : { netns, from };
}
