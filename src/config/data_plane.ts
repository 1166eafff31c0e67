/** Sockets, tunnels, drain and DNS: what ztunnel reads from plain variables. */
import type {
  Config,
  DnsConfig,
  HostPort,
  Http2Config,
  KeepaliveConfig,
  Mode,
  PoolConfig,
} from "./config.ts";
import {
  KEEPALIVE_MAX_MS,
  KEEPALIVE_RETRIES_MAX,
  SECRET_TTL_MAX_MS,
  TIMER_MAX_MS,
} from "./limits.ts";
import type { ProxyConfig } from "./proxy_config.ts";
import { type Found, readAs, type Settings } from "./settings.ts";
import {
  BOOLEAN,
  duration,
  LISTEN,
  TEXT,
  type ValueKind,
  wholeNumber,
} from "./values.ts";

const U32_MAX = 2 ** 32 - 1;
/** RFC 9113, section 6.9.1: no flow-control window may be larger. */
const WINDOW_MAX = 2 ** 31 - 1;
/** RFC 9113, section 6.9.2: the connection's window starts with this. */
const CONNECTION_WINDOW_MIN = 65_535;
/** RFC 9113, section 6.5.2. */
const FRAME_SIZE_MIN = 16_384;
const FRAME_SIZE_MAX = 16_777_215;

/** The part of the configuration that this file reads. */
export type DataPlane = Pick<
  Config,
  | "keepalive"
  | "userTimeoutMs"
  | "http2"
  | "pool"
  | "drainMs"
  | "secretTtlMs"
  | "requireOriginalSource"
  | "localhostAppTunnel"
  | "responseBaggage"
  | "authzInfoLogging"
  | "inpodPortReuse"
  | "crlPath"
  | "tls12"
>;

/** @throws {ConfigError} naming the first variable that does not read. */
export function readDataPlane(settings: Settings): DataPlane {
  const keepalive = readKeepalive(settings);
  const flag = (name: string, otherwise: boolean) =>
    settings.read(name, BOOLEAN, otherwise);
  return {
    keepalive,
    userTimeoutMs: flag("USER_TIMEOUT_ENABLED", false)
      ? keepalive.timeMs + keepalive.retries * keepalive.intervalMs
      : undefined,
    http2: readHttp2(settings),
    pool: readPool(settings),
    drainMs: readDrainMs(settings),
    secretTtlMs: settings.read(
      "SECRET_TTL",
      duration(1_000, SECRET_TTL_MAX_MS),
      86_400_000,
    ),
    requireOriginalSource: settings.read("ENABLE_ORIG_SRC", BOOLEAN, undefined),
    localhostAppTunnel: flag("LOCALHOST_APP_TUNNEL", true),
    responseBaggage: flag("ENABLE_RESPONSE_BAGGAGE", true),
    authzInfoLogging: isExactlyTrue(settings, "AUTHZ_POLICY_INFO_LOGGING"),
    inpodPortReuse: flag("INPOD_PORT_REUSE", true),
    crlPath: settings.variable("CRL_PATH")?.text,
    tls12: isExactlyTrue(settings, "TLS12_ENABLED"),
  };
}

/** Two of ztunnel's switches take any other text as false. */
const isExactlyTrue = (settings: Settings, name: string): boolean =>
  settings.variable(name)?.text === "true";

function readKeepalive(settings: Settings): KeepaliveConfig {
  return {
    enabled: settings.read("KEEPALIVE_ENABLED", BOOLEAN, true),
    timeMs: settings.read("KEEPALIVE_TIME", WHOLE_SECONDS, 180_000),
    intervalMs: settings.read("KEEPALIVE_INTERVAL", WHOLE_SECONDS, 180_000),
    retries: settings.read(
      "KEEPALIVE_RETRIES",
      wholeNumber(1, KEEPALIVE_RETRIES_MAX),
      9,
    ),
  };
}

/** The kernel counts keepalive in seconds. */
const WHOLE_SECONDS: ValueKind<number> = {
  want: `a duration of whole seconds from 1s to ${KEEPALIVE_MAX_MS / 1_000}s`,
  read(text) {
    const ms = duration(1_000, KEEPALIVE_MAX_MS).read(text);
    return ms === undefined || ms % 1_000 !== 0 ? undefined : ms;
  },
};

function readHttp2(settings: Settings): Http2Config {
  return {
    streamWindow: settings.read(
      "HTTP2_STREAM_WINDOW_SIZE",
      wholeNumber(1, WINDOW_MAX),
      4_194_304,
    ),
    connectionWindow: settings.read(
      "HTTP2_CONNECTION_WINDOW_SIZE",
      wholeNumber(CONNECTION_WINDOW_MIN, WINDOW_MAX),
      16_777_216,
    ),
    frameSize: settings.read(
      "HTTP2_FRAME_SIZE",
      wholeNumber(FRAME_SIZE_MIN, FRAME_SIZE_MAX),
      1_048_576,
    ),
  };
}

function readPool(settings: Settings): PoolConfig {
  return {
    streamsPerConnectionMax: settings.read(
      "POOL_MAX_STREAMS_PER_CONNECTION",
      wholeNumber(1, 65_535),
      100,
    ),
    unusedReleaseMs: settings.read(
      "POOL_UNUSED_RELEASE_TIMEOUT",
      duration(1, TIMER_MAX_MS),
      300_000,
    ),
  };
}

const DRAIN_DEFAULT_MS = 5_000;
/** Above this grace period, that much of it is kept for the process to end. */
const LONG_GRACE_SECONDS = 10;

function readDrainMs(settings: Settings): number {
  const grace = settings.read(
    "TERMINATION_GRACE_PERIOD_SECONDS",
    wholeNumber(0, TIMER_MAX_MS / 1_000 | 0),
    undefined,
  );
  const derived = grace === undefined ? DRAIN_DEFAULT_MS : drainOfGrace(grace);
  return settings.read(
    "CONNECTION_TERMINATION_DEADLINE",
    duration(0, TIMER_MAX_MS),
    derived,
  );
}

function drainOfGrace(seconds: number): number {
  const spare = seconds > LONG_GRACE_SECONDS ? 5 : 1;
  return Math.max(1, seconds - spare) * 1_000;
}

/** @param inPods Whether the proxy works in others' pods, whose rules know it by the mark. */
export function readPacketMark(
  settings: Settings,
  inPods: boolean,
): number | undefined {
  const byDefault = inPods ? 1337 : undefined;
  return settings.read("PACKET_MARK", wholeNumber(0, U32_MAX), byDefault);
}

const DNS_DEFAULT: HostPort = { host: "localhost", port: 15_053 };

/** On unless something else than `true` is said, as in ztunnel. */
export const readDnsCapture = (found: Found | undefined): boolean =>
  found === undefined || found.text.toLowerCase() === "true";

/** DNS is set by metadata, so it may come from ProxyConfig as well. */
export function readDns(
  mode: Mode,
  settings: Settings,
  proxyConfig: ProxyConfig,
): DnsConfig {
  const capture = readDnsCapture(proxyConfig.metadata.get("DNS_CAPTURE"));
  return {
    capture: mode === "node" && capture,
    resolvConf: settings.readNamed("resolv-conf", TEXT, "/etc/resolv.conf"),
    listen: readAs(
      proxyConfig.metadata.get("DNS_PROXY_ADDR"),
      LISTEN,
      DNS_DEFAULT,
    ),
    preferredNamespace: settings.variable("PREFERED_SERVICE_NAMESPACE")?.text,
  };
}
