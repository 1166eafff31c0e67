/** What every mode is made of: one process of the data plane, from start to end. */
import { adminApp } from "../admin/admin_app.ts";
import { readinessApp } from "../admin/readiness_app.ts";
import { statsApp } from "../admin/stats_app.ts";
import { messageOf } from "../base/errors.ts";
import type { Config } from "../config/mod.ts";
import { CrlFile } from "../control/crl/mod.ts";
import { type PodMark, podMarks } from "../kube/mod.ts";
import { raiseFdLimit } from "../sys/limits.ts";
import { keepControlMemory } from "../worker/memory_keeper.ts";
import { Cluster } from "./cluster.ts";
import type { Enrolment, EnrolmentOptions } from "./enrolment.ts";
import { explainBy } from "./explain_view.ts";
import { followMeshSources } from "./mesh_sources.ts";
import type { MeshInput } from "./mesh_input.ts";
import { type NodeParts, NodeView } from "./node_view.ts";
import { serveOwnEndpoint } from "./own_endpoint.ts";
import { createObservability, type Observability } from "./observability.ts";
import { type Parts, type PartsOptions, startParts } from "./parts.ts";
import { Readiness } from "./readiness.ts";
import { selfTest } from "./self_test.ts";
import { serveHttp } from "./servers.ts";
import { outliveSurprises } from "./surprises.ts";

export interface ProcessOptions extends PartsOptions {
  /** Asks for a graceful end. */
  readonly signal: AbortSignal;
  /** What `POST /quitquitquit` calls; it leads to `signal`. */
  quit(): void;
}

/** What makes one mode different from another: whom it serves. */
export type Enrol = (options: EnrolmentOptions) => Promise<Enrolment>;

/**
 * Runs until `signal`.
 *
 * @throws {HairpinError} when it cannot start, or its agent breaks protocol.
 */
export async function runProcess(
  options: ProcessOptions,
  enrol: Enrol,
): Promise<void> {
  const { config, signal } = options;
  const seen = createObservability(config);
  await using stack = new AsyncDisposableStack();
  const ending = new AbortController();
  stack.defer(() => ending.abort());
  prepareProcess(seen);
  await selfTest(config);
  const readiness = new Readiness(seen.log("app"));
  stack.use(
    serveHttp(readinessApp(readiness), serverOf(config, seen, "readiness")),
  );
  const cluster = stack.use(await Cluster.open(config, seen));
  const parts = stack.use(await startParts(options, seen, readiness));
  followCrls(config, seen, parts, ending.signal);
  const enrolment = stack.use(
    await enrol({
      config,
      cluster,
      pods: parts.pods,
      workers: parts.workers,
      readiness,
      registry: seen.registry,
      log: (scope) => seen.log(scope),
      signal: ending.signal,
    }),
  );
  let latest: MeshInput | undefined;
  const sources = await followMeshSources({
    config,
    cluster,
    store: parts.store,
    reloads: seen.reloads,
    log: seen.log("state"),
    signal: ending.signal,
    inForce: () => parts.workers.ordersTaken(),
    onInput(input) {
      latest = input;
      enrolment.want(input);
      const state = enrolment.waypoint?.();
      if (state !== undefined) cluster?.report(input, state.config);
    },
  });
  const told = () => enrolment.waypoint?.();
  const bypassed = () => enrolment.bypassed?.() ?? [];
  const marks = () => latest === undefined ? [] : marksIn(config, latest);
  const shown = { ...parts, sources, told, bypassed, marks };
  stack.use(serveViews(options, seen, shown));

  stack.use(keepControlMemory());
  stack.use(outliveSurprises(seen.log("app")));
  void parts.xds?.run(ending.signal);
  const loaded = Promise.all([sources.loaded, parts.xds?.synced]);
  const over = ended(signal, enrolment.failed);
  await Promise.race([loaded, over]);
  if (!signal.aborted) {
    sources.settle();
    await serveOwnEndpoint(config, parts.workers, seen.log("app"));
    // Last: a start that fails before leaves every pod as it was.
    await enrolment.begin();
    readiness.set("state manager", true);
  }
  await over;
  readiness.drain();
  ending.abort();
  seen.log("app").info("shutting down, draining", { limit_ms: config.drainMs });
  await parts.workers.drain(config.drainMs);
  seen.log("app").info("shutdown complete");
  seen.flush();
}

/** Only the Kubernetes API has a pod's annotations as they are. */
const marksIn = (
  { mode, kube, nodeName }: Config,
  { objects, settings }: MeshInput,
): readonly PodMark[] =>
  mode === "node" && kube !== undefined
    ? podMarks(objects, nodeName, settings)
    : [];

/** Before any pod is served. */
function followCrls(
  { crlPath }: Config,
  { log }: Observability,
  { workers }: Parts,
  signal: AbortSignal,
): void {
  if (crlPath === undefined) return;
  new CrlFile({
    path: crlPath,
    log: log("tls::crl"),
    signal,
    onChange: (crls) => workers.setCrls(crls),
  });
}

const serverOf = (
  config: Config,
  seen: Observability,
  component: "admin" | "stats" | "readiness",
) => ({ at: config[component], component, log: seen.log(component) });

/** Admin on loopback, in both families where there are two, and metrics. */
function serveViews(
  { config, quit }: ProcessOptions,
  seen: Observability,
  parts: Parts & Pick<NodeParts, "sources" | "told" | "bypassed" | "marks">,
): AsyncDisposable {
  const stack = new AsyncDisposableStack();
  const view = new NodeView({ ...parts, config, registry: seen.registry });
  const admin = adminApp({
    dump: () => view.dump(),
    metrics: () => view.metrics(),
    explain: explainBy({ ...parts, config }),
    logging: seen.levels((filter) => parts.workers.setLogFilter(filter)),
    quit,
  });
  stack.use(serveHttp(admin, serverOf(config, seen, "admin")));
  if (config.admin.host === "127.0.0.1" && config.ipv6.loopback) {
    const at = { host: "::1", port: config.admin.port };
    stack.use(serveHttp(admin, { ...serverOf(config, seen, "admin"), at }));
  }
  stack.use(serveHttp(statsApp(view), serverOf(config, seen, "stats")));
  return stack;
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
