/** The Kubernetes API as this process uses it. */
import type { Config } from "../config/mod.ts";
import {
  followKubeApi,
  type FollowOptions,
  inClusterAccess,
  KubeClient,
  type KubeFollowing,
  readKubeconfig,
} from "../control/kube_api/mod.ts";
import { readConfigText } from "../control/read_files.ts";
import { systemClock } from "../control/system_clock.ts";
import { kubeScopes } from "./kube_scopes.ts";
import type { Observability } from "./observability.ts";

export class Cluster implements Disposable {
  readonly #config: Config;
  readonly #seen: Observability;
  readonly #client: KubeClient;

  private constructor(config: Config, seen: Observability, client: KubeClient) {
    this.#config = config;
    this.#seen = seen;
    this.#client = client;
  }

  /**
   * Reads how the API is reached; asks it nothing yet.
   *
   * @returns undefined when the configuration names no API.
   * @throws {HairpinError} when a file cannot be read or used.
   */
  static async open(
    config: Config,
    seen: Observability,
  ): Promise<Cluster | undefined> {
    const { kube } = config;
    if (kube === undefined) return undefined;
    const access = kube.kind === "in-cluster"
      ? inClusterAccess(kube.server)
      : readKubeconfig(await readConfigText(kube.path), kube.path);
    const client = new KubeClient({ access, clock: systemClock });
    await client.prepare();
    return new Cluster(config, seen, client);
  }

  /** Follows the objects that this process needs. */
  follow(
    { onUpdate, signal }: Pick<FollowOptions, "onUpdate" | "signal">,
  ): KubeFollowing {
    return followKubeApi({
      api: this.#client,
      scopes: kubeScopes(this.#config),
      clock: systemClock,
      random: Math.random,
      log: this.#seen.log("kube"),
      counters: this.#seen.kubeApi,
      onUpdate,
      signal,
    });
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }
}
