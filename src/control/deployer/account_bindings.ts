/** The rights of waypoints' accounts: bindings of which the deployer writes the subjects alone. */
import { DEPLOYER } from "../../kube/mod.ts";
import type { KubeApi } from "../kube_api/mod.ts";

/** A binding that the manifests make, without subjects. */
export interface SharedBinding {
  /** Undefined: a ClusterRoleBinding. */
  readonly namespace: string | undefined;
  readonly name: string;
}

export interface Account {
  readonly namespace: string;
  readonly name: string;
}

const GROUP = "rbac.authorization.k8s.io";

/** Writes all accounts at once, and only when they are other ones than before. */
export class AccountBindings {
  readonly #api: Pick<KubeApi, "json">;
  readonly #bindings: readonly SharedBinding[];
  readonly #signal: AbortSignal;
  #written: string | undefined;

  constructor(
    api: Pick<KubeApi, "json">,
    bindings: readonly SharedBinding[],
    signal: AbortSignal,
  ) {
    this.#api = api;
    this.#bindings = bindings;
    this.#signal = signal;
  }

  /** Has these accounts, and no other ones, in every binding. @throws {KubeApiError} */
  async write(accounts: readonly Account[]): Promise<void> {
    const subjects = accounts.map(({ namespace, name }) => ({
      kind: "ServiceAccount",
      name,
      namespace,
    })).sort((a, b) => textOf(a) < textOf(b) ? -1 : 1);
    const text = JSON.stringify(subjects);
    if (text === this.#written) return;
    for (const binding of this.#bindings) await this.#put(binding, subjects);
    this.#written = text;
  }

  /** Has the next writing happen whatever was written before. */
  forget(): void {
    this.#written = undefined;
  }

  async #put(
    { namespace, name }: SharedBinding,
    subjects: readonly object[],
  ): Promise<void> {
    const plural = namespace === undefined
      ? "clusterrolebindings"
      : "rolebindings";
    const within = namespace === undefined ? "" : `/namespaces/${namespace}`;
    await this.#api.json({
      verb: "patch",
      resource: `${plural}.${GROUP}`,
      path: `/apis/${GROUP}/v1${within}/${plural}/${name}` +
        `?fieldManager=${DEPLOYER}&force=true`,
      apply: {
        apiVersion: `${GROUP}/v1`,
        kind: namespace === undefined ? "ClusterRoleBinding" : "RoleBinding",
        metadata: { name, ...namespace !== undefined && { namespace } },
        subjects,
      },
    }, this.#signal);
  }
}

const textOf = ({ namespace, name }: Account): string => `${namespace}/${name}`;
