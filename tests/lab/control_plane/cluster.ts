import { must } from "../command.ts";
import { type ClusterPod, namespaceObject, podObjects } from "./objects.ts";

/** The objects of a Kubernetes API server, changed and read by kubectl. */
export abstract class Cluster {
  /** Path of a kubeconfig with all rights. */
  abstract get kubeconfig(): string;

  /** The command that runs kubectl with all rights, where the control plane is. */
  protected abstract kubectlCommand(args: readonly string[]): string[];

  /** Runs kubectl with all rights, where the control plane is. @throws {LabError} with its words. */
  kubectl(args: readonly string[], stdin?: string): Promise<string> {
    return must(
      this.kubectlCommand(args),
      stdin === undefined ? {} : { stdin },
    );
  }

  /** Creates or changes objects; also their status, where they carry one. */
  async apply(...objects: readonly object[]): Promise<void> {
    await this.#applyList(objects, []);
    const withStatus = objects.filter((object) => "status" in object);
    if (withStatus.length === 0) return;
    await this.#applyList(withStatus, ["--subresource=status"]);
  }

  /** The same of YAML, several documents or one. */
  async applyYaml(yaml: string): Promise<void> {
    await this.kubectl([...APPLY, "-f", "-"], yaml);
  }

  /** Deletes an object at once. @param kind As kubectl spells it. */
  async delete(kind: string, name: string, namespace?: string): Promise<void> {
    await this.kubectl([
      "delete",
      kind,
      name,
      ...namespace === undefined ? [] : ["-n", namespace],
      ...["--grace-period=0", "--force", "--ignore-not-found"],
    ]);
  }

  /** An object as the API shows it. */
  async get<T = Record<string, unknown>>(
    kind: string,
    name: string,
    namespace = "default",
  ): Promise<T> {
    const args = ["get", kind, name, "-n", namespace, "-o", "json"];
    return JSON.parse(await this.kubectl(args)) as T;
  }

  /** Makes a namespace. Default labels: enrolled in the ambient mesh. */
  addNamespace(
    name: string,
    labels: Readonly<Record<string, string>> = {
      "istio.io/dataplane-mode": "ambient",
    },
  ): Promise<void> {
    return this.apply(namespaceObject(name, labels));
  }

  /** Makes a pod that runs, its service account included; its namespace must exist. */
  async addPod(pod: ClusterPod): Promise<void> {
    await this.apply(...podObjects(pod));
  }

  async #applyList(
    items: readonly object[],
    flags: readonly string[],
  ): Promise<void> {
    const list = { apiVersion: "v1", kind: "List", items };
    await this.kubectl([...APPLY, ...flags, "-f", "-"], JSON.stringify(list));
  }
}

const APPLY = [
  "apply",
  "--server-side",
  "--force-conflicts",
  "--field-manager=lab",
];
