/** Node mode: a ztunnel. Builds the parts, connects them, and waits. */
import { readinessApp } from "../admin/readiness_app.ts";
import { statsApp } from "../admin/stats_app.ts";
import { adminApp } from "../admin/admin_app.ts";
import { messageOf } from "../base/errors.ts";
import type { Config } from "../config/mod.ts";
import { EmbeddedCa } from "../control/ca/mod.ts";
import { CertificateManager } from "../control/certificates/mod.ts";
import { LocalCertificates } from "../control/local_certificates.ts";
import { MeshStore } from "../control/mesh_store.ts";
import { systemClock } from "../control/system_clock.ts";
import { raiseFdLimit } from "../sys/limits.ts";
import { PodManager } from "../worker/pod_manager.ts";
import { WorkerPool } from "../worker/worker_pool.ts";
import { startEnrolment } from "./enrolment.ts";
import { followMeshSources } from "./mesh_sources.ts";
import { NodeView } from "./node_view.ts";
import { createObservability, type Observability } from "./observability.ts";
import { Readiness } from "./readiness.ts";
import { selfTest } from "./self_test.ts";
import { serveHttp } from "./servers.ts";
import { workerSettings } from "./worker_settings.ts";

export interface NodeOptions {
  readonly config: Config;
  /** Asks for a graceful end. */
  readonly signal: AbortSignal;
  /** What `POST /quitquitquit` calls; it leads to `signal`. */
  quit(): void;
  /** Module of the data workers; default the product's. */
  readonly workerEntry?: URL;
}

/**
 * Runs a node proxy until `signal`.
 *
 * @throws {HairpinError} when it cannot start, or its agent breaks protocol.
 */
export async function runNode(options: NodeOptions): Promise<void> {
  const { config, signal } = options;
  const seen = createObservability(config);
  await using stack = new AsyncDisposableStack();
  const ending = new AbortController();
  stack.defer(() => ending.abort());
  prepareProcess(seen);
  await selfTest(config);

  const readiness = new Readiness(seen.log("app"));
  stack.use(serveHttp(readinessApp(readiness), serverOf("readiness")));

  const issuer = await openAuthority(config);
  const certificates = stack.use(
    new CertificateManager({
      issuer,
      clock: systemClock,
      random: Math.random,
      log: seen.log("identity"),
      onChange: (spiffeId, state) => workers.putCertificate(spiffeId, state),
    }),
  );
  const local = new LocalCertificates(certificates, config.nodeName);
  const store = new MeshStore((delta) => {
    local.apply(delta);
    workers.applyMesh(delta);
  });
  const workers = new WorkerPool({
    count: config.workers,
    settings: workerSettings(config),
    ...(options.workerEntry === undefined
      ? {}
      : { entry: options.workerEntry }),
    mesh: store.mesh,
    certificates: () =>
      certificates.snapshot().map((row) => [row.spiffeId, row.state] as const),
    wantCertificate: (identity) => certificates.request(identity, "realTime"),
    onReadyChange: () => readiness.set("data workers", workers.ready),
    log: seen.log("worker"),
  });
  stack.defer(() => workers.terminate());
  await workers.start();

  const pods = new PodManager(workers, seen.podMetrics, seen.log("inpod"));
  const enrolment = stack.use(
    await startEnrolment({
      config,
      pods,
      readiness,
      log: (s) => seen.log(s),
      signal: ending.signal,
    }),
  );
  const sources = await followMeshSources({
    config,
    store,
    reloads: seen.reloads,
    log: seen.log("state"),
    signal: ending.signal,
    onPods: (wanted) => enrolment.want(wanted),
  });

  const view = new NodeView({
    config,
    store,
    certificates,
    pods,
    workers,
    sources,
    registry: seen.registry,
  });
  const admin = adminApp({
    dump: () => view.dump(),
    metrics: () => view.metrics(),
    logging: seen.levels((filter) => workers.setLogFilter(filter)),
    quit: options.quit,
  });
  stack.use(serveHttp(admin, serverOf("admin")));
  if (config.admin.host === "127.0.0.1" && config.ipv6.loopback) {
    const at = { host: "::1", port: config.admin.port };
    stack.use(serveHttp(admin, { ...serverOf("admin"), at }));
  }
  stack.use(serveHttp(statsApp(view), serverOf("stats")));

  // Last: a start that fails before leaves every pod as it was.
  await enrolment.begin();
  readiness.set("state manager", true);

  await ended(signal, enrolment.failed);
  readiness.drain();
  ending.abort();
  seen.log("app").info("shutting down, draining", { limit_ms: config.drainMs });
  await workers.drain(config.drainMs);
  seen.log("app").info("shutdown complete");
  seen.flush();

  function serverOf(component: "admin" | "stats" | "readiness") {
    return { at: config[component], component, log: seen.log(component) };
  }
}

/** @throws what `failed` rejects with. */
async function ended(
  signal: AbortSignal,
  failed: Promise<never>,
): Promise<void> {
  const asked = new Promise<void>((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await Promise.race([asked, failed]);
}

function openAuthority(config: Config): Promise<EmbeddedCa> {
  const { ca, secretTtlMs } = config;
  if (ca.kind !== "embedded") {
    throw new Error(`unhandled certificate authority: ${ca.kind}`);
  }
  return EmbeddedCa.open({ dir: ca.dir, secretTtlMs, clock: systemClock });
}

function prepareProcess({ log }: Observability): void {
  try {
    const { before, after } = raiseFdLimit();
    log("app").info(`set file descriptor limits from ${before} to ${after}`);
  } catch (reason) {
    log("app").warn("cannot raise the limit of open files", {
      error: messageOf(reason),
    });
  }
}
