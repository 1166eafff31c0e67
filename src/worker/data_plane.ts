import { messageOf } from "../base/errors.ts";
import type { CertificateState } from "../model/certificate.ts";
import { isEmptyDelta } from "../model/diff.ts";
import { MeshState } from "../model/mesh_state.ts";
import type { PackedDelta } from "../model/packed_workload.ts";
import type { Workload } from "../model/workload.ts";
import { type KernelLanes, openKernelLanes } from "../net/kernel_lane/mod.ts";
import { TlsServers } from "../net/tls_servers.ts";
import type { PodInfo, ProxyContext } from "../proxy/context.ts";
import { CrlGuard } from "../proxy/crl_guard.ts";
import { decodeCrl } from "../wire/crl/mod.ts";
import { type DnsParts, SystemResolvers } from "../proxy/dns/mod.ts";
import type { WaypointOrders } from "../proxy/waypoint/view.ts";
import type { Fd } from "../sys/libc.ts";
import { AccessLog } from "../telemetry/access_log.ts";
import { CrlMetrics } from "../telemetry/control_metrics.ts";
import { DnsMetrics } from "../telemetry/dns_metrics.ts";
import { HairpinMetrics } from "../telemetry/hairpin_metrics.ts";
import { createLogging, type Logger, type Logging } from "../telemetry/log.ts";
import { Registry } from "../telemetry/metrics.ts";
import { WorkerMetrics } from "../telemetry/process_metrics.ts";
import { TrafficMetrics } from "../telemetry/traffic.ts";
import { AddressLookups } from "./address_lookups.ts";
import { CertificateCache } from "./certificate_cache.ts";
import type { FromWorker, WorkerSettings, WorkerSnapshot } from "./messages.ts";
import { NodeListeners } from "./node_listeners.ts";
import { NodePods } from "./node_pods.ts";
import type { Order } from "./order_queue.ts";
import { PodServer } from "./pod_server.ts";
import { randomOctets } from "./random_octets.ts";
import type { MakePart, WorkerPart } from "./worker_part.ts";
import { WorkloadWaiter } from "./workload_waiter.ts";

/** How often a worker looks at its own event loop. */
const FIGURES_INTERVAL_MS = 1_000;

/**
 * From a change of workloads or services to the look at open connections: such
 * changes name a connection's policies and its waypoint, and come by thousands.
 */
const RECHECK_MS = 50;

/** Everything that one data worker does, on orders of the control thread. */
export class DataPlane {
  readonly #settings: WorkerSettings;
  readonly #tell: (message: FromWorker) => void;
  readonly #logging: Logging;
  readonly #log: Logger;
  readonly #mesh = new MeshState();
  readonly #registry = new Registry();
  readonly #workerMetrics: WorkerMetrics;
  readonly #certificates: CertificateCache;
  readonly #waiter: WorkloadWaiter;
  readonly #lookups: AddressLookups | undefined;
  readonly #pods = new Map<string, PodServer>();
  /** The same pods by what a workload record tells of them. */
  readonly #podsByName = new Map<string, PodServer>();
  readonly #node: NodePods;
  readonly #context: ProxyContext;
  readonly #part: WorkerPart;
  readonly #dns: DnsParts | undefined;
  #recheckSoon: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param makePart Of the role that the settings name.
   * @param write Takes log text, whole lines.
   */
  constructor(
    settings: WorkerSettings,
    makePart: MakePart,
    tell: (message: FromWorker) => void,
    write: (text: string) => void,
  ) {
    this.#settings = settings;
    this.#tell = tell;
    const now = () => new Date();
    this.#logging = createLogging({ ...settings.log, write, now });
    this.#log = this.#logging.scope("worker");
    this.#workerMetrics = new WorkerMetrics(this.#registry, settings.name);
    this.#certificates = new CertificateCache((identity) =>
      tell({ kind: "want-certificate", identity })
    );
    const onNode = settings.role === "node" && !settings.dedicated;
    const node = onNode ? settings.nodeName : undefined;
    this.#waiter = new WorkloadWaiter(this.#mesh, node);
    this.#lookups = settings.onDemand === true
      ? new AddressLookups(
        this.#mesh,
        (name) => tell({ kind: "want-address", name }),
      )
      : undefined;
    this.#context = this.#makeContext();
    this.#part = makePart({
      context: this.#context,
      registry: this.#registry,
      logging: this.#logging,
      logFormat: settings.log.format,
    });
    this.#dns = this.#makeDns();
    const context = this.#context;
    const { roles } = this.#part;
    this.#node = new NodePods((netns, podAt) =>
      new NodeListeners({ context, settings, roles, netns, podAt })
    );
    setInterval(this.#watchLoop(), FIGURES_INTERVAL_MS);
  }

  /** Carries out one order; never throws. One of the mesh has been applied before. */
  handle(message: Order): void {
    switch (message.kind) {
      case "mesh":
        return this.#meshApplied(message.delta);
      case "address":
        return this.#lookups?.answer(message.name, message.failure);
      case "certificate":
        return this.#putCertificate(message.spiffeId, message.state);
      case "crl":
        return this.#context.crlGuard?.replace(message.crls.map(decodeCrl));
      case "serve":
        return this.#serve(message.pod, message.netns);
      case "waypoint":
        return this.#follow(message.orders);
      case "stop":
        return this.#stop(message.uid);
      case "drain":
        return void this.#drain(message.graceMs);
      case "log-filter":
        return void this.#logging.setFilter(message.filter);
      case "snapshot":
        return this.#tell({
          kind: "snapshot",
          id: message.id,
          snapshot: this.#snapshot(),
        });
      case "ping":
        return this.#tell({ kind: "pong", id: message.id });
      default:
        throw new Error(`unhandled: ${message satisfies never}`);
    }
  }

  #makeContext(): ProxyContext {
    const scopes = new Map<string, Logger>();
    const log = (scope: string): Logger => {
      const known = scopes.get(scope) ?? this.#logging.scope(scope);
      scopes.set(scope, known);
      return known;
    };
    return {
      settings: this.#settings.proxy,
      mesh: this.#mesh,
      ...this.#lookups && { lookups: this.#lookups },
      certificates: this.#certificates,
      tlsServers: new TlsServers(this.#settings.proxy),
      ...this.#settings.crl
        ? { crlGuard: new CrlGuard(new CrlMetrics(this.#registry)) }
        : {},
      kernelLanes: this.#openKernelLanes(),
      traffic: new TrafficMetrics(this.#registry),
      figures: new HairpinMetrics(this.#registry),
      accessLog: new AccessLog(this.#logging.scope("access")),
      log,
      random: Math.random,
      randomBytes: randomOctets,
      workloadOf: (pod) => this.#waiter.find(pod),
      localPod: (workload) => this.#localPod(workload),
    };
  }

  #makeDns(): DnsParts | undefined {
    const { dns } = this.#settings;
    if (dns === undefined) return undefined;
    const log = this.#logging.scope("dns::forwarder");
    const resolvers = new SystemResolvers(dns.resolvConf, log);
    return {
      names: dns.names,
      metrics: new DnsMetrics(this.#registry),
      resolvers: () => resolvers.current(),
    };
  }

  /** It works in this process, but a thread's own may still be refused. */
  #openKernelLanes(): KernelLanes | undefined {
    try {
      return openKernelLanes(this.#settings.kernelLane);
    } catch (reason) {
      this.#log.warn("connections without TLS are relayed in user space", {
        error: messageOf(reason),
      });
      return undefined;
    }
  }

  /** Other nodes, of other clusters too, may have pods of the same names. */
  #localPod(workload: Workload): PodServer | undefined {
    if (workload.node !== this.#settings.nodeName) return undefined;
    return this.#podsByName.get(nameKey(workload));
  }

  #putCertificate(spiffeId: string, state: CertificateState | undefined): void {
    this.#certificates.put(spiffeId, state);
    if (state === undefined) this.#context.tlsServers.delete(spiffeId);
  }

  /** Takes a piece of the change that an order of the mesh is about. */
  applyMesh(piece: PackedDelta): void {
    this.#mesh.applyPacked(piece);
  }

  #meshApplied(delta: PackedDelta): void {
    this.#waiter.look();
    const ofPolicies = delta.policies.length + delta.removedPolicies.length;
    // A change of nothing asks whether all is in force: what is put off is due.
    if (ofPolicies > 0 || isEmptyDelta(delta)) this.#recheck();
    else this.#recheckSoon ??= setTimeout(() => this.#recheck(), RECHECK_MS);
    this.#tell({ kind: "mesh-taken" });
  }

  /** Ends the connections that are no longer allowed. */
  #recheck(): void {
    clearTimeout(this.#recheckSoon);
    this.#recheckSoon = undefined;
    for (const pod of this.#pods.values()) pod.connections.recheck();
  }

  #serve(pod: PodInfo, netns: Fd | undefined): void {
    const { uid } = pod;
    try {
      this.#forget(uid);
      const server = new PodServer(
        this.#context,
        pod,
        netns,
        this.#settings,
        this.#part.roles,
        this.#dns,
      );
      const shared = this.#node.add(server);
      this.#pods.set(uid, server);
      this.#podsByName.set(nameKey(pod), server);
      const listening = [...server.listening, ...shared];
      this.#tell({ kind: "serving", uid, listening });
    } catch (reason) {
      this.#tell({ kind: "serve-failed", uid, why: messageOf(reason) });
    }
  }

  /** Connections that policy no longer allows are ended, as for a workload. */
  #follow(orders: WaypointOrders): void {
    this.#part.follow(orders);
    this.#recheck();
  }

  #stop(uid: string): void {
    this.#forget(uid);
    this.#tell({ kind: "stopped", uid });
  }

  #forget(uid: string): void {
    const server = this.#pods.get(uid);
    if (server === undefined) return;
    server.stop();
    this.#node.delete(server);
    this.#pods.delete(uid);
    const name = nameKey(server.info);
    if (this.#podsByName.get(name) === server) this.#podsByName.delete(name);
  }

  async #drain(graceMs: number): Promise<void> {
    this.#part.refuseNew();
    this.#node.refuseNew();
    await Promise.all(
      Array.from(this.#pods.values(), (pod) => pod.drain(graceMs)),
    );
    // Names are answered for as long as there is anybody to ask for them.
    await this.#node.drain();
    this.#part.drain();
    this.#logging.flush();
    this.#tell({ kind: "drained" });
  }

  #snapshot(): WorkerSnapshot {
    this.#context.kernelLanes?.kernel?.count();
    const pods = [...this.#pods.values()];
    this.#workerMetrics.connections.value = pods.reduce(
      (sum, pod) => sum + pod.connections.size,
      0,
    );
    return {
      metrics: this.#registry.snapshot(),
      connections: pods.map(({ info, connections }) => ({
        uid: info.uid,
        rows: connections.rows(),
      })),
      keys: this.#part.keyReports(),
    };
  }

  #watchLoop(): () => void {
    let dueMs = performance.now() + FIGURES_INTERVAL_MS;
    return () => {
      const nowMs = performance.now();
      const { heapUsed } = Deno.memoryUsage();
      this.#workerMetrics.observe((nowMs - dueMs) / 1000, heapUsed);
      dueMs = nowMs + FIGURES_INTERVAL_MS;
    };
  }

  /** For what nothing else caught: a bug, or the runtime's. */
  report(what: string, reason: unknown): void {
    this.#log.error(what, { error: messageOf(reason) });
  }
}

const nameKey = (
  pod: Pick<PodInfo, "name" | "namespace" | "serviceAccount">,
): string => `${pod.namespace}/${pod.name}/${pod.serviceAccount}`;
