import type { Config } from "../config/mod.ts";
import { followConfigFiles } from "../control/config_files.ts";
import { Gather } from "../control/kube_api/mod.ts";
import { readConfigText } from "../control/read_files.ts";
import { readLocalXds } from "../control/local_xds.ts";
import type { MeshStore } from "../control/mesh_store.ts";
import { systemClock } from "../control/system_clock.ts";
import {
  type KubeObject,
  type MeshSettings,
  translate,
  type Translation,
} from "../kube/mod.ts";
import { EMPTY_DELTA, type MeshDelta } from "../model/delta.ts";
import type { ReloadMetrics } from "../telemetry/control_metrics.ts";
import type { Logger } from "../telemetry/log.ts";
import { BypassExpiry } from "./bypass_expiry.ts";
import type { Cluster } from "./cluster.ts";
import type { MeshInput } from "./mesh_input.ts";
import { ObjectSources } from "./object_sources.ts";
import { WarningLog } from "./warning_log.ts";

export interface MeshSourcesOptions {
  readonly config: Config;
  /** The Kubernetes API, when the configuration names one. */
  readonly cluster: Cluster | undefined;
  readonly store: MeshStore;
  readonly reloads: ReloadMetrics;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** What is in force now, after the mesh has taken it. */
  onInput(input: MeshInput): void;
  /** Settles when it is in force in every data worker, too. */
  inForce(): Promise<void>;
}

/** What the sources have to show for themselves. */
export interface MeshSources {
  /** Why what they say in its present form is not in force, one line each. */
  errors(): readonly string[];
  /** What the local xDS file said at start. */
  readonly local: Pick<MeshDelta, "workloads" | "services" | "policies">;
  /** Settles when each source has been heard once, and its objects are in force. */
  readonly loaded: Promise<void>;
  /** Tells at once what istiod has said meanwhile, instead of a moment later. */
  settle(): void;
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
  const { config, cluster, store, signal } = options;
  const local = await readLocal(config.localXds);
  store.replace("local xDS", local);
  const taker = new ObjectTaker(options);
  const expiry = new BypassExpiry(
    systemClock,
    (objects) => taker.take(objects),
  );
  signal.addEventListener("abort", () => expiry[Symbol.dispose]());
  const sources = new ObjectSources(
    [
      ...config.configPaths.length > 0 ? ["files"] as const : [],
      ...cluster === undefined ? [] : ["kube"] as const,
    ],
    (objects) => expiry.put(objects),
  );
  const fileErrors = await followFiles(
    options,
    (objects) => sources.put("files", objects),
  );
  const following = cluster?.follow({
    onUpdate: (objects) => sources.put("kube", objects),
    signal,
  });
  return {
    errors: () => [...fileErrors(), ...following?.errors() ?? []],
    local,
    loaded: following?.synced ?? Promise.resolve(),
    settle: () => taker.settle(),
  };
}

/** @returns what is wrong with the files now. */
async function followFiles(
  { config, reloads, log, signal }: MeshSourcesOptions,
  onUpdate: (objects: readonly KubeObject[]) => void,
): Promise<() => readonly string[]> {
  let errors: readonly string[] = [];
  if (config.configPaths.length > 0) {
    await followConfigFiles(config.configPaths, {
      signal,
      onUpdate,
      onError(problems) {
        errors = problems.map(({ message }) => message);
        for (const message of errors) {
          log.error("configuration not reloaded", { error: message });
        }
        if (errors.length > 0) reloads.reloads("rejected").value++;
      },
      onUnknownKind: (kind) =>
        log.warn("kind is not known and ignored", { kind }),
    });
  }
  return () => errors;
}

async function readLocal(source: Config["localXds"]): Promise<MeshDelta> {
  if (source === undefined) return EMPTY_DELTA;
  if (source.kind === "inline") return readLocalXds(source.text, "LOCAL_XDS");
  return readLocalXds(await readConfigText(source.path), source.path);
}

/** Puts objects into force. */
class ObjectTaker {
  readonly #options: MeshSourcesOptions;
  readonly #settings: Partial<MeshSettings>;
  readonly #warnings: WarningLog;
  #objects: readonly KubeObject[] | undefined;

  constructor(options: MeshSourcesOptions) {
    const { config, store, signal } = options;
    this.#options = options;
    this.#warnings = new WarningLog(options.log);
    this.#settings = {
      clusterId: config.clusterId,
      network: config.network,
      trustDomain: config.trustDomain,
      clusterDomain: config.clusterDomain,
    };
    if (!this.#followsStore) return;
    const again = new Gather(systemClock, () => this.settle());
    signal.addEventListener("abort", () => again[Symbol.dispose]());
    store.onChange(() => again.ask());
  }

  take(objects: readonly KubeObject[]): void {
    const { store, reloads } = this.#options;
    const isFirst = this.#objects === undefined;
    this.#objects = objects;
    const translation = this.#fromObjects
      ? translate(objects, this.#settings)
      : this.#fromStore();
    const { warnings, ...resources } = translation;
    this.#warnings.put(warnings);
    if (this.#fromObjects) store.replace("files", resources);
    reloads.reloads("applied").value++;
    this.#show(translation);
    void this.#report(isFirst);
  }

  /** Shows what the store has now, where that matters. */
  settle(): void {
    if (!this.#followsStore || this.#objects === undefined) return;
    this.#show(this.#fromStore());
  }

  /** A waypoint's orders depend on the mesh that istiod tells of; who enrols pods looks at objects alone. */
  get #followsStore(): boolean {
    return !this.#fromObjects && this.#options.config.mode === "waypoint";
  }

  /** Where istiod tells of workloads and services, objects do not. */
  get #fromObjects(): boolean {
    return this.#options.config.xds === undefined;
  }

  /** Of workloads only those that somebody is in front of: istiod tells of all. */
  #fromStore(): Translation {
    const { mesh } = this.#options.store;
    return {
      workloads: mesh.frontedWorkloads(),
      services: [...mesh.services.values()],
      policies: [],
      warnings: [],
    };
  }

  #show(translation: Translation): void {
    this.#options.onInput({
      objects: this.#objects ?? [],
      settings: this.#settings,
      translation,
    });
  }

  /** In a cluster something changes all the time. */
  async #report(isFirst: boolean): Promise<void> {
    const { log, cluster, inForce, store: { mesh } } = this.#options;
    const counts = {
      workloads: mesh.workloads.size,
      services: mesh.services.size,
      policies: mesh.policies.size,
    };
    await inForce();
    const level = isFirst || cluster === undefined ? "info" : "debug";
    log[level]("configuration loaded", counts);
  }
}
