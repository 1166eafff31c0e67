/** The effective configuration, under ztunnel's keys and under hairpin's own. */
import type { Config, ControlPlane, HostPort, Roots } from "../config/mod.ts";
import { formatAddress } from "../model/address.ts";
import { formatIdentity } from "../model/identity.ts";
import type { Json } from "./json.ts";

/** ztunnel's fixed ports. */
const INBOUND_PORT = 15008;
const INBOUND_PLAINTEXT_PORT = 15006;
const OUTBOUND_PORT = 15001;
const SOCKS5_PORT = 15080;

/**
 * The section `config` with every key that ztunnel's has. Tokens are not part of
 * it, and header values that look like one are hidden. What has no counterpart
 * here (the resolver) is null.
 */
export function dumpConfig(config: Config): Json {
  return {
    ...dumpListeners(config),
    ...dumpControlPlane(config),
    ...dumpNode(config),
    ...dumpTuning(config),
  };
}

function dumpListeners(config: Config) {
  const any = config.ipv6.enabled ? "::" : "0.0.0.0";
  const on = (port: number) => formatAddress({ ip: any, port });
  const ports = [OUTBOUND_PORT, INBOUND_PLAINTEXT_PORT, INBOUND_PORT];
  return {
    adminAddr: dumpAddress(config.admin, config),
    statsAddr: dumpAddress(config.stats, config),
    readinessAddr: dumpAddress(config.readiness, config),
    inboundAddr: on(INBOUND_PORT),
    inboundPlaintextAddr: on(INBOUND_PLAINTEXT_PORT),
    outboundAddr: on(OUTBOUND_PORT),
    dnsProxyAddr: dumpAddress(config.dns.listen, config),
    socks5Addr: config.socks5 ? `127.0.0.1:${SOCKS5_PORT}` : null,
    illegalPorts: config.socks5 ? [...ports, SOCKS5_PORT] : ports,
  };
}

/** `localhost` stands for both families where there are two. */
function dumpAddress({ host, port }: HostPort, { ipv6 }: Config): Json {
  return host === "localhost" || host === "127.0.0.1"
    ? { Localhost: [ipv6.loopback, port] }
    : { SocketAddr: formatAddress({ ip: host, port }) };
}

function dumpControlPlane({ xds, ca, ...config }: Config) {
  const server = ca.kind === "remote" ? ca.server : undefined;
  return {
    caAddress: server?.address ?? null,
    caRootCert: server === undefined ? "Static" : dumpRoots(server.roots),
    altCaHostname: server?.alternativeHostname ?? null,
    caHeaders: dumpHeaders(server),
    xdsAddress: xds?.address ?? null,
    xdsRootCert: xds === undefined ? "Static" : dumpRoots(xds.roots),
    altXdsHostname: xds?.alternativeHostname ?? null,
    xdsHeaders: dumpHeaders(xds),
    xdsOnDemand: xds?.onDemand ?? false,
    fakeCa: ca.kind === "fake",
    secretTtl: dumpDuration(config.secretTtlMs),
  };
}

function dumpRoots(roots: Roots): Json {
  switch (roots.kind) {
    case "file":
      return { File: roots.path };
    case "inline":
      return "Static";
    case "system":
      return "Default";
    default:
      throw new Error(`unhandled: ${roots satisfies never}`);
  }
}

/** Names of headers that carry what lets somebody in. */
export const SECRET_NAME = /auth|token|secret|password|cookie|key/i;

const dumpHeaders = (server: ControlPlane | undefined): Json =>
  Object.entries(server?.headers ?? {}).map(([name, value]) => [
    name,
    SECRET_NAME.test(name) ? "<hidden>" : value,
  ]);

function dumpNode(config: Config) {
  return {
    clusterId: config.clusterId,
    clusterDomain: config.clusterDomain,
    network: config.network,
    localNode: config.nodeName,
    proxyMode: config.proxyMode === "shared" ? "Shared" : "Dedicated",
    proxyWorkloadInformation: config.dedicatedWorkload
      ? { ...config.dedicatedWorkload }
      : null,
    ...dumpOwnPod(config),
    proxyMetadata: { ...config.proxyMetadata },
    proxyArgs: "",
    inpodUds: config.inpodUds,
    inpodPortReuse: config.inpodPortReuse,
    preferedServiceNamespace: config.dns.preferredNamespace ?? null,
    fakeSelfInbound: false,
    crlPath: config.crlPath ?? null,
  };
}

/** Known only when all three of its names are. */
function dumpOwnPod({ pod, trustDomain }: Config) {
  const { name, namespace, serviceAccount } = pod;
  if (!name || !namespace || !serviceAccount) {
    return { ztunnelIdentity: null, ztunnelWorkload: null };
  }
  return {
    ztunnelIdentity: formatIdentity({ trustDomain, namespace, serviceAccount }),
    ztunnelWorkload: { name, namespace, serviceAccount },
  };
}

function dumpTuning(config: Config) {
  const { http2, pool } = config;
  return {
    proxy: config.proxyEnabled,
    dnsProxy: config.dns.capture,
    windowSize: http2.streamWindow,
    connectionWindowSize: http2.connectionWindow,
    frameSize: http2.frameSize,
    poolMaxStreamsPerConn: pool.streamsPerConnectionMax,
    poolUnusedReleaseTimeout: dumpDuration(pool.unusedReleaseMs),
    selfTerminationDeadline: dumpDuration(config.drainMs),
    numWorkerThreads: config.workers,
    requireOriginalSource: config.requireOriginalSource ?? null,
    packetMark: config.packetMark ?? null,
    socketConfig: dumpSocketOptions(config),
    localhostAppTunnel: config.localhostAppTunnel,
    ipv6Enabled: config.ipv6.enabled,
    enableEnhancedBaggage: config.responseBaggage,
    dnsResolverCfg: null,
    dnsResolverOpts: null,
  };
}

const dumpSocketOptions = ({ keepalive, userTimeoutMs }: Config): Json => ({
  keepaliveTime: dumpDuration(keepalive.timeMs),
  keepaliveInterval: dumpDuration(keepalive.intervalMs),
  keepaliveRetries: keepalive.retries,
  keepaliveEnabled: keepalive.enabled,
  userTimeoutEnabled: userTimeoutMs !== undefined,
});

function dumpDuration(milliseconds: number): Json {
  const secs = Math.floor(milliseconds / 1000);
  return { secs, nanos: Math.round((milliseconds - secs * 1000) * 1e6) };
}

/** What ztunnel has no key for. */
export const dumpHairpinConfig = (config: Config) => ({
  mode: config.mode,
  gateway: config.gateway
    ? `${config.gateway.namespace}/${config.gateway.name}`
    : null,
  configPaths: config.configPaths,
  kube: config.kube?.kind ?? null,
  certificateAuthority: config.ca.kind,
  redirect: config.redirect,
  waypointBypass: config.waypointBypass,
  waypointUnreachable: config.waypointUnreachable,
  nodeLocalLane: config.nodeLocalLane,
  kernelLane: config.kernelLane,
  cni: config.cni
    ? {
      socket: config.cni.socket,
      netDir: config.cni.install?.netDir,
      binDir: config.cni.install?.binDir,
    }
    : null,
  log: { ...config.log },
  warnings: config.warnings,
});
