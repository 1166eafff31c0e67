import type { Config } from "../config/mod.ts";
import { CertificateManager } from "../control/certificates/mod.ts";
import { LocalCertificates } from "../control/local_certificates.ts";
import { MeshStore } from "../control/mesh_store.ts";
import { systemClock } from "../control/system_clock.ts";
import type { XdsClient } from "../control/xds/mod.ts";
import { XdsMetrics } from "../telemetry/control_metrics.ts";
import { PodManager } from "../worker/pod_manager.ts";
import { WorkerPool } from "../worker/worker_pool.ts";
import { openAuthority, servesOthers } from "./authority.ts";
import { findOtherOwner } from "./netns_owner.ts";
import type { Observability } from "./observability.ts";
import type { Readiness } from "./readiness.ts";
import { chooseKernelLane } from "./kernel_lane.ts";
import { workerSettings } from "./worker_settings.ts";

export interface PartsOptions {
  readonly config: Config;
  /** Module of the data workers; default the product's. */
  readonly workerEntry?: URL;
}

/** The state of the control thread, and the data workers that follow it. */
export interface Parts {
  readonly certificates: CertificateManager;
  readonly store: MeshStore;
  readonly workers: WorkerPool;
  readonly pods: PodManager;
  /** Follows istiod once it is run; undefined without one. */
  readonly xds: XdsClient | undefined;
}

/**
 * Opens the authority and starts the workers, each part told of the others'
 * changes.
 *
 * @throws {HairpinError} when one of them cannot start.
 */
export async function startParts(
  { config, workerEntry }: PartsOptions,
  seen: Observability,
  readiness: Readiness,
): Promise<Parts & Disposable> {
  const issuer = await openAuthority(config, seen.log("identity"));
  const kernelLane = await chooseKernelLane(config, seen.log("app"));
  const certificates = new CertificateManager({
    issuer,
    clock: systemClock,
    random: Math.random,
    log: seen.log("identity"),
    onChange: (spiffeId, state) => workers.putCertificate(spiffeId, state),
  });
  const local = servesOthers(config)
    ? new LocalCertificates(certificates, config.nodeName)
    : undefined;
  const store = new MeshStore((delta) => {
    local?.apply(delta);
    workers.applyMesh(delta);
  });
  const xds = await xdsClient(config, store, seen, () => workers.meshTaken());
  const workers = new WorkerPool({
    count: config.workers,
    settings: workerSettings(config, kernelLane),
    ...(workerEntry === undefined ? {} : { entry: workerEntry }),
    mesh: store.mesh,
    certificates: () =>
      certificates.snapshot().map((row) => [row.spiffeId, row.state] as const),
    wantCertificate: (identity) => certificates.request(identity, "realTime"),
    ...xds && { wantAddress: (name) => xds.want(name) },
    onReadyChange: () => readiness.set("data workers", workers.ready),
    log: seen.log("worker"),
  });
  await Promise.all([workers.start(), xds?.rehearse()]);
  const pods = new PodManager(
    workers,
    seen.podMetrics,
    seen.log("inpod"),
    findOtherOwner(store, config),
  );
  return {
    certificates,
    store,
    workers,
    pods,
    xds,
    [Symbol.dispose]() {
      workers.terminate();
      certificates[Symbol.dispose]();
      issuer[Symbol.dispose]?.();
    },
  };
}

/** Loads the modules of gRPC only where they are needed. */
async function xdsClient(
  config: Config,
  store: MeshStore,
  { registry, log }: Observability,
  keepPace: () => Promise<void>,
): Promise<XdsClient | undefined> {
  const { xds: server, authToken, clusterId } = config;
  if (server === undefined) return undefined;
  const { XdsClient, xdsNode } = await import("../control/xds/mod.ts");
  return new XdsClient({
    server,
    authToken,
    clusterId,
    node: xdsNode(config),
    onUpdate: (delta) => store.update("xDS", delta),
    keepPace,
    metrics: new XdsMetrics(registry),
    log: log("xds"),
    random: Math.random,
  });
}
