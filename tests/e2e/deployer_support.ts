/** The deployer in this process, under its manifest's account, beside a real API server. */
import type { DeployerConfig } from "../../src/config/mod.ts";
import { runDeployer } from "../../src/modes/deployer.ts";
import { ControlPlane } from "../lab/control_plane/mod.ts";
import { type Account, kubeconfigOf, manifestsIn } from "./manifest_rights.ts";
import { eventually } from "./support.ts";

/** The longest delay after an outage is half a minute; the rest is a busy machine's. */
export const WAIT_MS = 120_000;

export const DEPLOYER: Account = {
  name: "hairpin-deployer",
  namespace: "istio-system",
};

/** What tests read of any object. */
export interface Read {
  readonly metadata: {
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly uid: string }[];
  };
  readonly subjects?: readonly {
    readonly namespace: string;
    readonly name: string;
  }[];
}

export interface ReadDeployment extends Read {
  readonly spec: {
    readonly template: {
      readonly metadata: Required<
        Pick<Read["metadata"], "labels" | "annotations">
      >;
      readonly spec: {
        readonly serviceAccountName: string;
        readonly hostNetwork?: boolean;
        readonly volumes: readonly Readonly<Record<string, unknown>>[];
        readonly containers: readonly {
          readonly image: string;
          readonly securityContext: Readonly<Record<string, unknown>>;
          readonly env: readonly { readonly name: string; value?: string }[];
        }[];
      };
    };
  };
}

interface GatewayStatus {
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason: string;
      readonly message: string;
      readonly observedGeneration: number;
    }[];
  };
}

/** A cluster with the deployer's manifest in it, and nobody who runs Deployments. */
export class DeployerCluster implements AsyncDisposable {
  private constructor(readonly plane: ControlPlane) {}

  /** @param folder Of the manifests. */
  static async start(folder = "deployer"): Promise<DeployerCluster> {
    const plane = await ControlPlane.start({ istiod: false, audit: true });
    await plane.addNamespace("istio-system", {});
    await plane.addNamespace("default", {});
    await plane.apply(...await manifestsIn(plane, folder));
    return new DeployerCluster(plane);
  }

  /** A deployer; several may run. @param account Default: the manifest's. */
  async run(
    over: Partial<DeployerConfig> = {},
    account = DEPLOYER,
  ): Promise<RunningDeployer> {
    const path = await kubeconfigOf(this.plane, account);
    return RunningDeployer.start({
      kube: { kind: "kubeconfig", path },
      image: "hairpin:1",
      imagePullPolicy: undefined,
      caSecret: undefined,
      waypointVariables: {},
      stats: { host: "127.0.0.1", port: 0 },
      readiness: { host: "127.0.0.1", port: 0 },
      log: { filter: "off", format: "plain" },
      warnings: [],
      ...over,
    });
  }

  /** Makes a Gateway of hairpin's class. */
  async addGateway(name: string, over: GatewayOver = {}): Promise<void> {
    await this.plane.apply(gatewayObject(name, over));
  }

  /** An object, once it is there. */
  async untilThere<T extends Read = Read>(
    kind: string,
    name: string,
    test: (object: T) => boolean = () => true,
  ): Promise<T> {
    let found: T | undefined;
    await eventually(`${kind} ${name}`, async () => {
      found = await this.find<T>(kind, name);
      return found !== undefined && test(found);
    }, WAIT_MS);
    return found!;
  }

  /** An object; undefined when there is none. */
  async find<T extends Read = Read>(
    kind: string,
    name: string,
  ): Promise<T | undefined> {
    const args = ["get", kind, name, "-n", "default", "-o", "json"];
    const text = await this.plane.kubectl([...args, "--ignore-not-found"]);
    return text.trim() === "" ? undefined : JSON.parse(text) as T;
  }

  /** Waits until the Gateway's condition says so. @param status As "True". */
  async untilDeployed(
    name: string,
    status: string,
    test: (message: string) => boolean = () => true,
  ): Promise<{ reason: string; message: string }> {
    let found = { reason: "", message: "" };
    await eventually(`gateway ${name} deployed ${status}`, async () => {
      const read = await this.plane.get<GatewayStatus>("gateway", name);
      const condition = read.status?.conditions?.find(({ type }) =>
        type === "hairpin.dev/Deployed"
      );
      if (condition !== undefined) found = condition;
      return condition?.status === status && test(condition.message);
    }, WAIT_MS);
    return found;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.plane[Symbol.asyncDispose]();
  }
}

/** What is other than usual of a Gateway. */
export interface GatewayOver {
  readonly className?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly spec?: Readonly<Record<string, unknown>>;
}

export const gatewayObject = (
  name: string,
  { className = "hairpin-waypoint", labels = {}, spec = {} }: GatewayOver = {},
) => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: { name, namespace: "default", labels },
  spec: {
    gatewayClassName: className,
    listeners: [{ name: "mesh", port: 15_008, protocol: "HBONE" }],
    ...spec,
  },
});

/** A deployer that ends with its scope. */
export class RunningDeployer implements AsyncDisposable {
  readonly #ending = new AbortController();
  readonly #done: Promise<void>;

  private constructor(config: DeployerConfig) {
    this.#done = runDeployer(config, { signal: this.#ending.signal });
  }

  static start(config: DeployerConfig): RunningDeployer {
    return new RunningDeployer(config);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#done;
  }
}
