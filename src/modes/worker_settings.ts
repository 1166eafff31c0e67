import type { Config } from "../config/mod.ts";
import type { TcpTuning } from "../sys/sockets.ts";
import type { WorkerSettings } from "../worker/messages.ts";

/** What the data workers need of the configuration. */
export function workerSettings(
  config: Config,
  kernelLane: WorkerSettings["kernelLane"],
): Omit<WorkerSettings, "name"> {
  return {
    role: config.mode,
    nodeName: config.nodeName,
    dedicated: config.proxyMode === "dedicated",
    proxy: {
      network: config.network,
      packetMark: config.packetMark,
      tuning: tcpTuning(config),
      http2: config.http2,
      nodeLocalLane: config.nodeLocalLane,
      waypointBypass: config.waypointBypass,
      waypointUnreachable: config.waypointUnreachable,
      responseBaggage: config.responseBaggage,
      // Loopback is the pod's only where it is dialled from its namespace.
      localhostAppTunnel: config.localhostAppTunnel &&
        config.redirect !== "node",
      tls12: config.tls12,
      listeners: config.proxyEnabled,
      socks5: config.socks5,
      authzInfoLogging: config.authzInfoLogging,
    },
    pool: config.pool,
    kernelLane,
    ipv6: config.ipv6.enabled,
    reusePort: config.inpodPortReuse,
    // Where they take each other's processor, one awake is better than two.
    gather: config.workers > 1 &&
      config.workers >= navigator.hardwareConcurrency,
    transparent: transparency(config.requireOriginalSource),
    dns: dnsSettings(config),
    onDemand: config.xds?.onDemand ?? false,
    rehearse: config.xds !== undefined || config.kube !== undefined,
    crl: config.crlPath !== undefined,
    log: config.log,
  };
}

function dnsSettings(
  { dns, socks5, clusterDomain, ipv6 }: Config,
): WorkerSettings["dns"] {
  if (!dns.capture && !socks5) return undefined;
  const { capture, preferredNamespace, resolvConf } = dns;
  const names = { clusterDomain, preferredNamespace, ipv6: ipv6.enabled };
  return { listen: capture ? dns.listen : undefined, resolvConf, names };
}

function tcpTuning({ keepalive, userTimeoutMs }: Config): TcpTuning {
  const { enabled, ...probes } = keepalive;
  return {
    ...(enabled ? { keepalive: probes } : {}),
    ...(userTimeoutMs === undefined ? {} : { userTimeoutMs }),
  };
}

function transparency(required: boolean | undefined) {
  if (required === undefined) return "try";
  return required ? "require" : "off";
}
