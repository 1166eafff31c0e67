/** Deployer mode: makes a waypoint's Deployment for each Gateway of hairpin's class. */
import { readinessApp } from "../admin/readiness_app.ts";
import { statsApp } from "../admin/stats_app.ts";
import type { DeployerConfig } from "../config/mod.ts";
import { Deployer, type SharedBinding } from "../control/deployer/mod.ts";
import {
  followKubeApi,
  type KubeClient,
  StatusWriter,
} from "../control/kube_api/mod.ts";
import { systemClock } from "../control/system_clock.ts";
import {
  DEFAULT_SETTINGS,
  deployedStatusPlan,
  DEPLOYER,
  type Kind,
  type KubeObject,
  wantedDeployments,
} from "../kube/mod.ts";
import { DeployerMetrics } from "../telemetry/control_metrics.ts";
import { openKubeClient } from "./kube_client.ts";
import { createObservability, type Observability } from "./observability.ts";
import { serveHttp } from "./servers.ts";
import type { Shutdown } from "./signals.ts";
import { outliveSurprises } from "./surprises.ts";

/**
 * Runs until `signal`.
 *
 * @throws {HairpinError} when it cannot start.
 */
export async function runDeployer(
  config: DeployerConfig,
  { signal }: Pick<Shutdown, "signal">,
): Promise<void> {
  const { log, warnings } = config;
  const seen = createObservability({
    ...{ log, warnings, mode: "deployer", istioVersion: "unknown" },
  });
  await using stack = new AsyncDisposableStack();
  const pending = new Set(["gateways"]);
  serveViews(config, seen, { pending: () => [...pending] }, stack);
  stack.use(outliveSurprises(seen.log("app")));
  const client = stack.use(await openKubeClient(config.kube));
  const settled = deployGateways(config, seen, { client, signal, stack });
  const ended = new Promise<void>((resolve) =>
    signal.aborted
      ? resolve()
      : signal.addEventListener("abort", () => resolve())
  );
  await Promise.race([settled, ended]);
  pending.clear();
  if (!signal.aborted) seen.log("app").info("gateways are followed");
  await ended;
  seen.log("app").info("shutdown complete");
  seen.flush();
}

function serveViews(
  config: DeployerConfig,
  { log, registry }: Observability,
  readiness: Parameters<typeof readinessApp>[0],
  stack: AsyncDisposableStack,
): void {
  const at = (component: "stats" | "readiness") => ({
    at: config[component],
    component,
    log: log(component),
  });
  const metrics = () => Promise.resolve(registry.snapshot());
  stack.use(serveHttp(readinessApp(readiness), at("readiness")));
  stack.use(serveHttp(statsApp({ metrics }), at("stats")));
}

const KINDS: readonly Kind[] = ["GatewayClass", "Gateway"];

/** @returns what settles when each Gateway that there was at start has been tried. */
function deployGateways(
  config: DeployerConfig,
  seen: Observability,
  { client, signal, stack }: {
    readonly client: KubeClient;
    readonly signal: AbortSignal;
    readonly stack: AsyncDisposableStack;
  },
): Promise<void> {
  const common = {
    api: client,
    clock: systemClock,
    random: Math.random,
    signal,
  };
  const metrics = new DeployerMetrics(seen.registry);
  const tell = () => {
    const counts = deployer.counts();
    metrics.set("deployed", counts.deployed);
    metrics.set("failed", counts.failed);
    statuses.follow(deployedStatusPlan((key) => deployer.stateOf(key)));
  };
  const deployer = stack.use(
    new Deployer({
      ...common,
      bindings: bindingsOf(config),
      log: seen.log("deployer"),
      onStates: tell,
      onFailure: (status) => seen.kubeApi.failed("Deployment", status),
    }),
  );
  const following = followKubeApi({
    ...common,
    scopes: KINDS.map((kind) => ({ kind })),
    statusKinds: new Set<Kind>(["Gateway"]),
    counters: seen.kubeApi,
    log: seen.log("kube"),
    onUpdate(objects: readonly KubeObject[]) {
      deployer.want(wantedDeployments(objects, settingsOf(config)));
      tell();
    },
    onRecords: () => statuses.look(),
  });
  const statuses = stack.use(
    new StatusWriter({
      ...common,
      fieldManager: DEPLOYER,
      log: seen.log("kube"),
      records: () => following.records(),
      onFailure: (kind, status) => seen.kubeApi.failed(kind, status),
    }),
  );
  return following.synced.then(() => deployer.settled);
}

const settingsOf = (
  { image, imagePullPolicy, caSecret, waypointVariables }: DeployerConfig,
) => ({ image, imagePullPolicy, caSecret, variables: waypointVariables });

/** The bindings that the manifests make; one lets waypoints read the mesh of layer 4, which istiod tells of where it is. */
const bindingsOf = ({ caSecret }: DeployerConfig): readonly SharedBinding[] => [
  { namespace: undefined, name: "hairpin-waypoints" },
  ...caSecret === undefined
    ? []
    : [{ namespace: undefined, name: "hairpin-waypoints-mesh" }],
  { namespace: DEFAULT_SETTINGS.rootNamespace, name: "hairpin-waypoints" },
];
