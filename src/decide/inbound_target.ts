import { type Ip, isIpv6, type SocketAddress } from "../model/address.ts";
import type { MeshReader } from "../model/mesh_state.ts";
import { type Service, serviceKey } from "../model/service.ts";
import type { Workload } from "../model/workload.ts";
import {
  type Authority,
  AUTHORITY_LENGTH_MAX,
  parseAuthority,
} from "./authority.ts";
import { isBehindGateway } from "./gateway.ts";
import { guessService, servicesOf } from "./inbound_service.ts";
import { SELF_CALL, SELF_PORTS } from "./self_ports.ts";
import { possibleWaypoints } from "./waypoint.ts";

/** A CONNECT request at a pod. */
export interface InboundCall {
  /** The workload of the pod that the listener belongs to. */
  readonly pod: Workload;
  /** The tunnel's local address. */
  readonly localIp: Ip;
  /** `:authority`, as it came. */
  readonly authority: string;
  /** `host=` of the `forwarded` header. */
  readonly forwardedHost?: string | undefined;
  /** Default: without SOCKS5. */
  readonly selfPorts?: ReadonlySet<number>;
}

export interface AcceptedTarget {
  readonly kind: "accept";
  /** Where the connection is delivered, and what policies see as its destination. */
  readonly dst: SocketAddress;
  /** The destination to name in a PROXY protocol header; undefined when none is sent. */
  readonly proxyTarget: SocketAddress | undefined;
  /** A guess, for the log and the metrics. */
  readonly service: Service | undefined;
}

export interface RefusedTarget {
  readonly kind: "refuse";
  readonly status: 400 | 503;
  /** ztunnel's text. */
  readonly because: string;
}

export type InboundTarget = AcceptedTarget | RefusedTarget;

/**
 * Decides where a CONNECT request is delivered: always at the pod itself. What
 * the client asks for only chooses the port, and has to fit the pod.
 */
export function resolveInbound(
  state: MeshReader,
  call: InboundCall,
): InboundTarget {
  const authority = parseAuthority(call.authority);
  if (authority === undefined) {
    const text = call.authority.slice(0, AUTHORITY_LENGTH_MAX);
    return refuse(400, `no valid authority pseudo header: ${text}`);
  }
  if (authority.kind === "hostname") {
    return resolveHostname(state, call, authority);
  }
  const { address } = authority;
  if (!isAllowed(state, call, address.ip)) {
    return refuse(400, `ip mismatch: ${call.localIp} != ${address.ip}`);
  }
  const candidates = servicesOf(state, call.pod);
  return deliver(call, { port: address.port, candidates, named: address });
}

type HostnameAuthority = Extract<Authority, { kind: "hostname" }>;

function resolveHostname(
  state: MeshReader,
  call: InboundCall,
  { hostname, port }: HostnameAuthority,
): InboundTarget {
  const { pod } = call;
  const service = state.serviceByHostname(hostname, pod.namespace);
  if (service === undefined) {
    return refuse(503, `no service or workload for hostname: ${hostname}`);
  }
  const own = pod.services[serviceKey(service)]?.[port];
  const target = own || service.ports[port];
  if (!target) {
    return refuse(
      503,
      `requested service ${hostname}:${port} found, but cannot resolve port`,
    );
  }
  const ip = tunnelledVip(service, pod.network);
  if (ip === undefined && sendsProxyHeader(pod)) {
    return refuse(
      503,
      `requested service ${hostname} found, but has no IP addresses`,
    );
  }
  const named = ip && { ip, port };
  return deliver(call, { port: target, candidates: [service], named });
}

interface Delivery {
  /** The application's port, unless an application tunnel takes everything. */
  readonly port: number;
  readonly candidates: readonly Service[];
  /** What the client asked for, as an address. */
  readonly named: SocketAddress | undefined;
}

function deliver(call: InboundCall, delivery: Delivery): InboundTarget {
  const { pod, localIp, forwardedHost, selfPorts = SELF_PORTS } = call;
  if (selfPorts.has(delivery.port)) return refuse(503, SELF_CALL);
  const port = pod.applicationTunnel?.port ?? delivery.port;
  const hints = { port, forwardedHost };
  return {
    kind: "accept",
    dst: { ip: localIp, port },
    proxyTarget: sendsProxyHeader(pod) ? delivery.named : undefined,
    service: guessService(delivery.candidates, pod, hints),
  };
}

/**
 * Whether a client may name this address to this pod: the pod's own, any
 * address when the pod takes it in PROXY headers, and that of a service or
 * workload whose waypoint the pod is.
 */
function isAllowed(
  state: MeshReader,
  { pod, localIp }: InboundCall,
  ip: Ip,
): boolean {
  if (ip === localIp || pod.applicationTunnel !== undefined) return true;
  const found = state.findAddress(pod.network, ip);
  if (found === undefined) return false;
  return possibleWaypoints(found).some((waypoint) =>
    isBehindGateway(state, waypoint, pod)
  );
}

const sendsProxyHeader = ({ applicationTunnel }: Workload): boolean =>
  applicationTunnel?.protocol === "PROXY";

/** A PROXY header holds no name, so an address stands for it: the own network's first, IPv4 first, the last of equals. */
function tunnelledVip(service: Service, network: string): Ip | undefined {
  const rank = (vip: Service["vips"][number]) =>
    vip.network !== network ? 0 : isIpv6(vip.ip) ? 1 : 2;
  let best: Service["vips"][number] | undefined;
  for (const vip of service.vips) {
    if (best === undefined || rank(vip) >= rank(best)) best = vip;
  }
  return best?.ip;
}

const refuse = (status: 400 | 503, because: string): RefusedTarget => ({
  kind: "refuse",
  status,
  because,
});
