import { EMPTY_DELTA, type MeshDelta } from "../../src/model/delta.ts";
import { MeshState } from "../../src/model/mesh_state.ts";
import { TlsServers } from "../../src/net/tls_servers.ts";
import { SessionSet } from "../../src/net/session_set.ts";
import { TunnelPool } from "../../src/net/tunnel_pool.ts";
import { ConnectionTable } from "../../src/proxy/connection_table.ts";
import type {
  ProxyContext,
  ProxySettings,
  ServedPod,
} from "../../src/proxy/context.ts";
import { AccessLog } from "../../src/telemetry/access_log.ts";
import { HairpinMetrics } from "../../src/telemetry/hairpin_metrics.ts";
import { createLogging, type Logging } from "../../src/telemetry/log.ts";
import { Registry, renderOpenMetrics } from "../../src/telemetry/metrics.ts";
import { TrafficMetrics } from "../../src/telemetry/traffic.ts";
import { HTTP2 } from "./h2_pair.ts";
import { pod } from "./sample_mesh.ts";

export const PROXY_SETTINGS: ProxySettings = {
  network: "",
  packetMark: undefined,
  tuning: {},
  http2: HTTP2,
  nodeLocalLane: true,
  waypointBypass: "hairpin",
  waypointUnreachable: "fail",
  responseBaggage: false,
  localhostAppTunnel: true,
  authzInfoLogging: false,
};

/** A worker's context with the product's own parts, whose log and metrics are kept. */
export class TestProxy {
  readonly mesh = new MeshState();
  readonly registry = new Registry();
  readonly context: ProxyContext;
  readonly served: ServedPod;
  readonly #logging: Logging;
  readonly #writes: string[] = [];

  constructor(
    content: Partial<MeshDelta> = {},
    fields: Partial<ProxyContext> = {},
    filter = "debug",
  ) {
    this.mesh.apply({ ...EMPTY_DELTA, ...content });
    this.#logging = createLogging({
      format: "plain",
      filter,
      write: (text) => this.#writes.push(text),
      now: () => new Date(0),
    });
    this.served = servedPod();
    this.context = {
      settings: PROXY_SETTINGS,
      mesh: this.mesh,
      certificates: { get: () => Promise.reject(new Error("none")) },
      tlsServers: new TlsServers(),
      kernelLanes: undefined,
      traffic: new TrafficMetrics(this.registry),
      figures: new HairpinMetrics(this.registry),
      accessLog: new AccessLog(this.#logging.scope("access")),
      log: (scope) => this.#logging.scope(scope),
      random: () => 0,
      randomBytes: (count) => new Uint8Array(count).fill(1),
      workloadOf: () => Promise.resolve(pod("web", ["127.0.0.1"])),
      localPod: () => undefined,
      ...fields,
    };
  }

  /** Lines so far, without their times. */
  lines(): string[] {
    this.#logging.flush();
    return this.#writes.join("").split("\n").slice(0, -1).map((line) =>
      line.slice(line.indexOf("\t") + 1)
    );
  }

  /** Lines of the metrics' text that begin so. */
  series(name: string): string[] {
    const text = renderOpenMetrics(this.registry.snapshot());
    return text.split("\n").filter((line) => line.startsWith(name));
  }
}

export const servedPod = (): ServedPod => ({
  info: {
    uid: "uid-web",
    name: "web",
    namespace: "ns1",
    serviceAccount: "web",
  },
  netns: undefined,
  connections: new ConnectionTable(),
  pool: new TunnelPool({
    streamsPerConnectionMax: 100,
    unusedReleaseMs: 60_000,
  }),
  inboundSessions: new SessionSet(),
  transparent: false,
});
