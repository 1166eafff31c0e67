import type { Config } from "../config/mod.ts";
import { EmbeddedCa } from "../control/ca/mod.ts";
import { CertificateManager } from "../control/certificates/mod.ts";
import { LocalCertificates } from "../control/local_certificates.ts";
import { MeshStore } from "../control/mesh_store.ts";
import { systemClock } from "../control/system_clock.ts";
import { PodManager } from "../worker/pod_manager.ts";
import { WorkerPool } from "../worker/worker_pool.ts";
import { findOtherOwner } from "./netns_owner.ts";
import type { Observability } from "./observability.ts";
import type { Readiness } from "./readiness.ts";
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
  const certificates = new CertificateManager({
    issuer: await openAuthority(config),
    clock: systemClock,
    random: Math.random,
    log: seen.log("identity"),
    onChange: (spiffeId, state) => workers.putCertificate(spiffeId, state),
  });
  const local = new LocalCertificates(certificates, config.nodeName);
  const store = new MeshStore((delta) => {
    local.apply(delta);
    void workers.applyMesh(delta);
  });
  const workers = new WorkerPool({
    count: config.workers,
    settings: workerSettings(config),
    ...(workerEntry === undefined ? {} : { entry: workerEntry }),
    mesh: store.mesh,
    certificates: () =>
      certificates.snapshot().map((row) => [row.spiffeId, row.state] as const),
    wantCertificate: (identity) => certificates.request(identity, "realTime"),
    onReadyChange: () => readiness.set("data workers", workers.ready),
    log: seen.log("worker"),
  });
  await workers.start();
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
    [Symbol.dispose]() {
      workers.terminate();
      certificates[Symbol.dispose]();
    },
  };
}

function openAuthority(config: Config): Promise<EmbeddedCa> {
  const { ca, secretTtlMs } = config;
  if (ca.kind !== "embedded") {
    throw new Error(`unhandled certificate authority: ${ca.kind}`);
  }
  return EmbeddedCa.open({ dir: ca.dir, secretTtlMs, clock: systemClock });
}
