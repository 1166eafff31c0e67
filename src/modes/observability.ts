import type { LogLevels } from "../admin/logging_route.ts";
import type { Config } from "../config/mod.ts";
import { readKernelFile } from "../sys/kernel_file.ts";
import { countOpenFds } from "../sys/open_fds.ts";
import { KubeApiMetrics, ReloadMetrics } from "../telemetry/control_metrics.ts";
import { createLogging, type Logger, type Logging } from "../telemetry/log.ts";
import { Registry } from "../telemetry/metrics.ts";
import {
  PodMetrics,
  registerBuild,
  registerProcess,
} from "../telemetry/process_metrics.ts";
import { writeLog } from "../worker/write_log.ts";

/** The control thread's own log and metrics. */
export interface Observability {
  log(scope: string): Logger;
  readonly registry: Registry;
  readonly podMetrics: PodMetrics;
  readonly reloads: ReloadMetrics;
  readonly kubeApi: KubeApiMetrics;
  /** What the admin server may do to the filter; workers are told by `spread`. */
  levels(spread: (filter: string) => void): LogLevels;
  /** Writes what is held back. */
  flush(): void;
}

/** Names that dashboards look for: hairpin stands in for ztunnel, and for a waypoint's Envoy. */
const COMPONENTS: Readonly<Record<Observed["mode"], string>> = {
  node: "ztunnel",
  waypoint: "proxy",
  deployer: "deployer",
};

/** What logs and metrics depend on. */
export interface Observed
  extends Pick<Config, "log" | "warnings" | "istioVersion"> {
  readonly mode: Config["mode"] | "deployer";
}

/** @throws {ConfigError} when the log filter cannot be read. */
export function createObservability(config: Observed): Observability {
  const now = () => new Date();
  const logging = createLogging({ ...config.log, write: writeLog, now });
  const registry = new Registry();
  registerBuild(registry, {
    component: COMPONENTS[config.mode],
    tag: config.istioVersion,
  });
  registerProcess(registry, {
    countOpenFds,
    readText: (path) => readKernelFile(path) ?? "",
  });
  for (const warning of config.warnings) logging.scope("config").warn(warning);
  return {
    log: (scope) => logging.scope(scope),
    registry,
    podMetrics: new PodMetrics(registry),
    reloads: new ReloadMetrics(registry),
    kubeApi: new KubeApiMetrics(registry),
    levels: (spread) => levelsOf(logging, spread),
    flush: () => logging.flush(),
  };
}

function levelsOf(
  logging: Logging,
  spread: (filter: string) => void,
): LogLevels {
  const spreading = (taken: boolean) => {
    if (taken) spread(logging.filter);
    return taken;
  };
  return {
    filter: () => logging.filter,
    merge: (filter) => spreading(logging.mergeFilter(filter)),
    reset: (filter) => spreading(logging.resetFilter(filter)),
  };
}
