import type { Config } from "../config/mod.ts";
import { followConfigFiles } from "../control/config_files.ts";
import { readConfigText } from "../control/read_files.ts";
import { readLocalXds } from "../control/local_xds.ts";
import type { MeshStore } from "../control/mesh_store.ts";
import { type KubeObject, type MeshSettings, translate } from "../kube/mod.ts";
import { EMPTY_DELTA, type MeshDelta } from "../model/delta.ts";
import type { ReloadMetrics } from "../telemetry/control_metrics.ts";
import type { Logger } from "../telemetry/log.ts";

export interface MeshSourcesOptions {
  readonly config: Config;
  readonly store: MeshStore;
  readonly reloads: ReloadMetrics;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** The objects now, after the mesh has taken them. */
  onObjects(
    objects: readonly KubeObject[],
    settings: Partial<MeshSettings>,
  ): void;
}

/** What the sources have to show for themselves. */
export interface MeshSources {
  /** Why the files in their present form are not in force, one line each. */
  errors(): readonly string[];
  /** What the local xDS file said at start. */
  readonly local: Pick<MeshDelta, "workloads" | "services" | "policies">;
}

/**
 * Fills the store from every source that the configuration names, and goes on
 * filling it.
 *
 * @throws {ConfigError} when a source cannot be read at start.
 */
export async function followMeshSources(
  options: MeshSourcesOptions,
): Promise<MeshSources> {
  const { config, store, signal } = options;
  const local = await readLocal(config.localXds);
  store.replace("local xDS", local);
  let errors: readonly string[] = [];
  if (config.configPaths.length > 0) {
    await followConfigFiles(config.configPaths, {
      signal,
      onUpdate: (objects) => takeObjects(options, objects),
      onError(problems) {
        errors = problems.map(({ message }) => message);
        for (const message of errors) {
          options.log.error("configuration not reloaded", { error: message });
        }
        if (errors.length > 0) options.reloads.reloads("rejected").value++;
      },
      onUnknownKind: (kind) =>
        options.log.warn("kind is not known and ignored", { kind }),
    });
  }
  return { errors: () => errors, local };
}

async function readLocal(source: Config["localXds"]): Promise<MeshDelta> {
  if (source === undefined) return EMPTY_DELTA;
  if (source.kind === "inline") return readLocalXds(source.text, "LOCAL_XDS");
  return readLocalXds(await readConfigText(source.path), source.path);
}

function takeObjects(
  { config, store, reloads, log, onObjects }: MeshSourcesOptions,
  objects: readonly KubeObject[],
): void {
  const settings: Partial<MeshSettings> = {
    clusterId: config.clusterId,
    network: config.network,
    trustDomain: config.trustDomain,
    clusterDomain: config.clusterDomain,
  };
  const { warnings, ...resources } = translate(objects, settings);
  for (const warning of warnings) log.warn(warning);
  store.replace("files", resources);
  log.info("configuration loaded", {
    workloads: resources.workloads.length,
    services: resources.services.length,
    policies: resources.policies.length,
  });
  reloads.reloads("applied").value++;
  onObjects(objects, settings);
}
