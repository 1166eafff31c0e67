import { ConfigError } from "../base/errors.ts";
import { checkCni, checkCniEnd, readCni } from "./cni.ts";
import type { Config, HostPort, Mode, NamespacedName } from "./config.ts";
import {
  readAuthToken,
  readCertificateAuthority,
  readSources,
} from "./control_plane.ts";
import { readDataPlane, readDns, readPacketMark } from "./data_plane.ts";
import { checkNodeSide, readNodeSide } from "./node_side.ts";
import type { FlagName } from "./flags.ts";
import type { Machine } from "./machine.ts";
import {
  type ProxyConfig,
  readMetadataJson,
  readProxyConfig,
} from "./proxy_config.ts";
import { type Found, readAs, type Settings } from "./settings.ts";
import {
  BOOLEAN,
  IP,
  LISTEN,
  LISTEN_LOOPBACK,
  LOG_FILTER,
  NAMESPACED_NAME,
  ON_OFF,
  oneOf,
  PORT,
  TEXT,
  type ValueKind,
  WORKLOAD_INFO,
} from "./values.ts";
import { unknownVariables } from "./variables.ts";
import { readWorkers } from "./workers.ts";

/**
 * Builds the configuration of a run from flags, variables and ProxyConfig.
 *
 * @param nodeByArguments whether the arguments `proxy ztunnel` chose node mode.
 * @throws {ConfigError} naming the first setting that cannot be used.
 */
export function readRunConfig(
  settings: Settings,
  machine: Machine,
  nodeByArguments: boolean,
): Config {
  const proxyConfig = readProxyConfig(settings, machine);
  const mode = readMode(settings, nodeByArguments);
  const ipv6 = settings.read("IPV6_ENABLED", BOOLEAN, true);
  const json = readMetadataJson(settings);
  const cni = readCni(settings);
  const config: Config = {
    mode,
    gateway: readGateway(settings, mode),
    ...readSources(mode, settings, proxyConfig, machine),
    ca: readCertificateAuthority(settings, machine),
    authToken: readAuthToken(settings, machine),
    ...readEnrolment(settings, machine),
    hostProc: settings.readNamed("host-proc", TEXT, "/proc"),
    ...cni && { cni },
    nodeSide: readNodeSide(settings),
    ...readProxyShape(settings, mode),
    ...readLanes(settings),
    workers: readWorkers(settings, proxyConfig, machine),
    ...readListeners(settings, proxyConfig, ipv6),
    ...readNames(settings, proxyConfig),
    log: readLog(settings),
    ...readDataPlane(settings),
    ipv6: { enabled: ipv6, loopback: ipv6 && machine.ipv6Loopback },
    dns: readDns(mode, settings, proxyConfig),
    compliancePolicy: settings.read(
      "COMPLIANCE_POLICY",
      oneOf("pqc"),
      undefined,
    ),
    pod: readPod(settings),
    proxyMetadata: textsOf(proxyConfig.metadata),
    proxyMetadataJson: json.values,
    istioVersion: proxyConfig.metadata.get("ISTIO_VERSION")?.text ?? "unknown",
    warnings: [...json.warnings, ...unknownVariables(settings)],
  };
  checkTogether(config);
  return config;
}

/** What each setting allows alone, but not together. */
function checkTogether(config: Config): void {
  const { mode, proxyMode, redirect } = config;
  const isNode = mode === "node" && proxyMode === "shared";
  checkCni(isNode && redirect === "self", config.cni);
  checkCniEnd(config);
  checkNodeSide(isNode && redirect === "self", config);
  if (!config.proxyEnabled && !config.dns.capture) {
    throw new ConfigError(
      "ENABLE_PROXY false leaves nothing to run: DNS capture is off too",
    );
  }
  if (config.xds?.onDemand === true && config.dns.capture) {
    throw new ConfigError(
      "XDS_ON_DEMAND true cannot be combined with DNS capture",
    );
  }
}

/** The mode that is asked for, if any. */
export const readAnyMode = (settings: Settings) =>
  settings.readNamed("mode", oneOf("node", "waypoint", "deployer"), undefined);

function readMode(settings: Settings, nodeByArguments: boolean): Mode {
  const mode = readAnyMode(settings);
  if (nodeByArguments) {
    if (mode === undefined || mode === "node") return "node";
    throw new ConfigError(
      `the arguments "proxy ztunnel" mean --mode node: found --mode ${mode}`,
    );
  }
  if (mode === "node" || mode === "waypoint") return mode;
  throw new ConfigError("no mode: want --mode node, waypoint or deployer");
}

function readGateway(
  settings: Settings,
  mode: Mode,
): NamespacedName | undefined {
  const gateway = settings.readNamed("gateway", NAMESPACED_NAME, undefined);
  if (mode === "waypoint" && gateway === undefined) {
    throw new ConfigError(
      "no gateway: --mode waypoint wants --gateway NAMESPACE/NAME",
    );
  }
  if (mode === "node" && gateway !== undefined) {
    throw new ConfigError("--gateway is of no use without --mode waypoint");
  }
  return gateway;
}

type Part<Key extends keyof Config> = Pick<Config, Key>;

function readEnrolment(
  settings: Settings,
  machine: Machine,
): Part<"nodeName" | "redirect" | "inpodUds"> {
  const byDefault = settings.named("config") === undefined ? "agent" : "self";
  return {
    nodeName: settings.readNamed("node-name", TEXT, machine.hostname),
    redirect: settings.readNamed(
      "redirect",
      oneOf("agent", "self", "node", "none"),
      byDefault,
    ),
    inpodUds: settings.readNamed(
      "inpod-uds",
      TEXT,
      "/var/run/ztunnel/ztunnel.sock",
    ),
  };
}

function readProxyShape(
  settings: Settings,
  mode: Mode,
): Part<
  "proxyMode" | "dedicatedWorkload" | "proxyEnabled" | "socks5" | "packetMark"
> {
  const proxyMode = settings.read(
    "PROXY_MODE",
    oneOf("shared", "dedicated"),
    "shared",
  );
  const dedicatedWorkload = settings.read(
    "PROXY_WORKLOAD_INFO",
    WORKLOAD_INFO,
    undefined,
  );
  if (proxyMode === "dedicated" && dedicatedWorkload === undefined) {
    throw new ConfigError("PROXY_MODE dedicated wants PROXY_WORKLOAD_INFO");
  }
  return {
    proxyMode,
    dedicatedWorkload,
    proxyEnabled: settings.read("ENABLE_PROXY", BOOLEAN, true),
    socks5: settings.read("UNSTABLE_ENABLE_SOCKS5", BOOLEAN, false),
    packetMark: readPacketMark(
      settings,
      mode === "node" && proxyMode === "shared",
    ),
  };
}

function readLanes(
  settings: Settings,
): Part<
  "waypointBypass" | "waypointUnreachable" | "nodeLocalLane" | "kernelLane"
> {
  return {
    waypointBypass: settings.readNamed(
      "waypoint-bypass",
      oneOf("hairpin", "reject", "observe"),
      "hairpin",
    ),
    waypointUnreachable: settings.readNamed(
      "waypoint-unreachable",
      oneOf("fail", "open"),
      "fail",
    ),
    nodeLocalLane: settings.readNamed("node-local-lane", ON_OFF, true),
    kernelLane: settings.readNamed(
      "kernel-lane",
      oneOf("on", "off", "auto"),
      "auto",
    ),
  };
}

const ADMIN_DEFAULT: HostPort = { host: "127.0.0.1", port: 15_000 };

/** Where the process's own servers listen. */
export function readListeners(
  settings: Settings,
  proxyConfig: Pick<ProxyConfig, "proxyAdminPort" | "statsPort">,
  ipv6: boolean,
): Part<"admin" | "stats" | "readiness"> {
  const every = ipv6 ? "::" : "0.0.0.0";
  const at = (port: number) => ({ host: every, port });
  const { proxyAdminPort, statsPort } = proxyConfig;
  return {
    admin: readListener(
      "admin",
      LISTEN_LOOPBACK,
      ADMIN_DEFAULT,
      settings,
      proxyAdminPort,
    ),
    stats: readListener("stats", LISTEN, at(15_020), settings, statsPort),
    readiness: readListener("readiness", LISTEN, at(15_021), settings),
  };
}

/** A flag names host and port; the variable and ProxyConfig name a port alone. */
function readListener(
  name: FlagName,
  kind: ValueKind<HostPort>,
  byDefault: HostPort,
  settings: Settings,
  port?: Found,
): HostPort {
  const flag = settings.flag(name);
  if (flag !== undefined) return readAs(flag, kind, byDefault);
  const found = settings.named(name) ?? port;
  return { ...byDefault, port: readAs(found, PORT, byDefault.port) };
}

/** Where the admin endpoints of a running process are asked. */
export function readAdmin(settings: Settings): HostPort {
  return readListener("admin", LISTEN_LOOPBACK, ADMIN_DEFAULT, settings);
}

function readNames(
  settings: Settings,
  proxyConfig: ProxyConfig,
): Part<"trustDomain" | "clusterDomain" | "clusterId" | "network"> {
  const clusterId = settings.flag("cluster-id") ??
    proxyConfig.metadata.get("CLUSTER_ID") ?? settings.named("cluster-id");
  return {
    trustDomain: settings.readNamed("trust-domain", TEXT, "cluster.local"),
    clusterDomain: settings.readNamed("cluster-domain", TEXT, "cluster.local"),
    clusterId: readAs(clusterId, TEXT, "Kubernetes"),
    network: settings.readNamed("network", TEXT, ""),
  };
}

/** What is logged, and how. */
export function readLog(settings: Settings): Config["log"] {
  return {
    filter: settings.readNamed("log-level", LOG_FILTER, "info"),
    format: settings.readNamed("log-format", oneOf("plain", "json"), "plain"),
  };
}

function readPod(settings: Settings): Config["pod"] {
  return {
    name: settings.variable("POD_NAME")?.text,
    namespace: settings.variable("POD_NAMESPACE")?.text,
    serviceAccount: settings.variable("SERVICE_ACCOUNT")?.text,
    ip: settings.read("INSTANCE_IP", IP, "1.1.1.1"),
  };
}

const textsOf = (found: ReadonlyMap<string, Found>): Record<string, string> =>
  Object.fromEntries([...found].map(([key, { text }]) => [key, text]));
