/**
 * A mesh with a waypoint in front of one of its services:
 *
 *     node-1  sleep, notsleep      clients
 *             bystander            a pod of the mesh's namespace, not enrolled
 *             waypoint             hairpin in waypoint mode
 *     node-2  httpbin              nginx on 8000, two services: `httpbin`, which
 *                                  the waypoint fronts, and `alias`, which has none
 *             neighbour            a client beside the server
 *             loner                as bystander, beside the server
 *
 * The waypoint answers 403 to `/secret`; nginx would answer 404.
 */
import {
  type HairpinOptions,
  type HairpinProcess,
  Lab,
  type LabPod,
  type LabService,
  type PodSpec,
  startHttpServer,
} from "../lab/mod.ts";
import { serviceManifest } from "../lab/manifests.ts";
import { authorizationPolicy } from "./policy_support.ts";
import { HTTP_PORT } from "./support.ts";

type PodName =
  | "sleep"
  | "notsleep"
  | "bystander"
  | "waypoint"
  | "httpbin"
  | "neighbour"
  | "loner";

export interface WaypointMeshOptions {
  /** For the proxies of both nodes. Default: none. */
  readonly flags?: readonly string[];
  /** More of the waypoint's. Default: none. */
  readonly waypointFlags?: readonly string[];
  /** `istio.io/waypoint-for`. Default `service`. */
  readonly waypointFor?: "service" | "workload" | "all";
}

export const USE_WAYPOINT = { "istio.io/use-waypoint": "waypoint" };
const OUTSIDE = { "istio.io/dataplane-mode": "none" };

/** How fast a proxy that is restarted lets go of what is open. */
const ENV = { CONNECTION_TERMINATION_DEADLINE: "1s" };

export class WaypointMesh implements AsyncDisposable {
  readonly #labels = new Map<string, Readonly<Record<string, string>>>();
  #client: HairpinProcess | undefined;
  #server: HairpinProcess | undefined;
  #waypoint: HairpinProcess | undefined;
  #starts = 0;

  private constructor(
    readonly lab: Lab,
    readonly pods: Readonly<Record<PodName, LabPod>>,
    readonly services: Readonly<Record<"httpbin" | "alias", LabService>>,
    readonly options: WaypointMeshOptions,
  ) {}

  /** Builds all of it, and waits until every pod is served and the waypoint ready. */
  static async start(options: WaypointMeshOptions = {}): Promise<WaypointMesh> {
    const lab = await Lab.create();
    try {
      const pods = await addPods(lab);
      const services = await addServices(lab);
      const { waypointFor } = options;
      await lab.apply("gateway", gateway("waypoint", { waypointFor }));
      await lab.apply("policy-secret", denySecret());
      const mesh = new WaypointMesh(lab, pods, services, options);
      if (waypointFor !== "workload") await mesh.#front(services.httpbin);
      await mesh.#startAll();
      return mesh;
    } catch (reason) {
      await lab[Symbol.asyncDispose]();
      throw reason;
    }
  }

  get client(): HairpinProcess {
    return running(this.#client);
  }

  get server(): HairpinProcess {
    return running(this.#server);
  }

  get waypoint(): HairpinProcess {
    return running(this.#waypoint);
  }

  get proxies(): readonly HairpinProcess[] {
    return [this.#client, this.#server, this.#waypoint].filter((proxy) =>
      proxy?.process.running === true
    ) as HairpinProcess[];
  }

  /** `http://IP:8000PATH` of a pod, or of a service by its cluster IP. */
  urlOf(target: LabPod | LabService, path = "/"): string {
    const [ip] = "vips" in target ? target.vips : target.ips;
    return `http://${ip}:${HTTP_PORT}${path}`;
  }

  /** Changes the configuration and waits until every proxy has read it. */
  async change(what: string, change: () => Promise<void>): Promise<void> {
    const proxies = this.proxies;
    const before = proxies.map(({ process }) => process.log().length);
    await change();
    await Promise.all(proxies.map(async ({ process }, at) => {
      const from = before[at] ?? 0;
      try {
        await process.untilLog(/configuration loaded/, { from });
      } catch (cause) {
        throw new Error(`${process.name} did not read: ${what}`, { cause });
      }
    }));
  }

  /** Puts a manifest into force for as long as the body runs. */
  async under(
    name: string,
    manifest: string | object,
    body: () => Promise<void>,
  ): Promise<void> {
    await this.change(name, () => this.lab.apply(name, manifest));
    try {
      await body();
    } finally {
      await this.change(`no ${name}`, () => this.lab.delete(name));
    }
  }

  /** Writes a service again with these labels. */
  async label(
    service: LabService,
    labels: Readonly<Record<string, string>>,
  ): Promise<void> {
    await this.change(
      `labels of ${service.name}`,
      () => this.#label(service, labels),
    );
  }

  /** The same for as long as the body runs. */
  async labelled(
    service: LabService,
    labels: Readonly<Record<string, string>>,
    body: () => Promise<void>,
  ): Promise<void> {
    const before = this.#labels.get(service.name) ?? {};
    await this.label(service, labels);
    try {
      await body();
    } finally {
      await this.label(service, before);
    }
  }

  /** Ends the servers' proxy and starts another with these flags beside the mesh's. */
  async restartServer(flags: readonly string[]): Promise<void> {
    await this.#server?.stop();
    await this.#startServer(flags);
  }

  /** Ends the waypoint. */
  async stopWaypoint(): Promise<void> {
    await this.#waypoint?.stop();
  }

  async startWaypoint(): Promise<void> {
    const { lab, pods, options } = this;
    this.#waypoint = await lab.startHairpin(pods.waypoint, {
      gateway: "default/waypoint",
      name: `waypoint-${this.#starts++}`,
      env: ENV,
      flags: options.waypointFlags ?? [],
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab[Symbol.asyncDispose]();
  }

  async #front(service: LabService): Promise<void> {
    await this.#label(service, USE_WAYPOINT);
  }

  async #label(
    service: LabService,
    labels: Readonly<Record<string, string>>,
  ): Promise<void> {
    this.#labels.set(service.name, labels);
    const { name, namespace } = service;
    await this.lab.apply(
      `service-${namespace}-${name}`,
      serviceManifest({ ...service, labels, clusterIPs: service.vips }),
    );
  }

  async #startAll(): Promise<void> {
    await Promise.all([
      this.#startClient(),
      this.#startServer([]),
      this.startWaypoint(),
    ]);
  }

  async #startClient(): Promise<void> {
    const { sleep, notsleep } = this.pods;
    this.#client = await this.#startNode("node-1", []);
    await this.#client.untilPodUp(sleep);
    await this.#client.untilPodUp(notsleep);
  }

  async #startServer(flags: readonly string[]): Promise<void> {
    const { httpbin, neighbour } = this.pods;
    this.#server = await this.#startNode("node-2", flags);
    await this.#server.untilPodUp(httpbin);
    await this.#server.untilPodUp(neighbour);
  }

  #startNode(
    node: string,
    more: readonly string[],
  ): Promise<HairpinProcess> {
    const { flags = [] } = this.options;
    const options: HairpinOptions = {
      name: `hairpin-${node}-${this.#starts++}`,
      env: ENV,
      flags: [...flags, ...more],
    };
    return this.lab.startHairpin(this.lab.node(node), options);
  }
}

/** Runs the body with a mesh of its own, which ends with it. */
export async function withWaypoint(
  options: WaypointMeshOptions,
  body: (mesh: WaypointMesh) => Promise<void>,
): Promise<void> {
  await using mesh = await WaypointMesh.start(options);
  await body(mesh);
}

export interface GatewayOptions {
  readonly waypointFor?: string | undefined;
  /** More of the spec's fields, such as `addresses`. */
  readonly spec?: object;
}

/** A Gateway object for a waypoint. */
export const gateway = (
  name: string,
  { waypointFor = "service", spec = {} }: GatewayOptions = {},
): object => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: {
    name,
    namespace: "default",
    labels: { "istio.io/waypoint-for": waypointFor },
  },
  spec: {
    gatewayClassName: "istio-waypoint",
    listeners: [{ name: "mesh", port: 15_008, protocol: "HBONE" }],
    ...spec,
  },
});

/** A pod of a waypoint: its own account, not enrolled. */
export const waypointPod = (
  name: string,
  node: string,
  more: Partial<PodSpec> = {},
): PodSpec => ({
  name,
  node,
  labels: {
    app: name,
    "gateway.networking.k8s.io/gateway-name": name,
    ...OUTSIDE,
  },
  ...more,
});

/** An AuthorizationPolicy that a service's waypoint applies. */
export const servicePolicy = (
  name: string,
  spec: object,
  service = "httpbin",
): object =>
  authorizationPolicy(name, {
    targetRefs: [{ kind: "Service", group: "", name: service }],
    ...spec,
  });

/** The same for everything that a waypoint fronts. */
export const waypointPolicy = (
  name: string,
  spec: object,
  waypoint = "waypoint",
): object =>
  authorizationPolicy(name, {
    targetRefs: [{
      kind: "Gateway",
      group: "gateway.networking.k8s.io",
      name: waypoint,
    }],
    ...spec,
  });

/** What tells the waypoint's answer from the application's. */
const denySecret = () =>
  waypointPolicy("secret", {
    action: "DENY",
    rules: [{ to: [{ operation: { paths: ["/secret*"] } }] }],
  });

function running(proxy: HairpinProcess | undefined): HairpinProcess {
  if (proxy === undefined) throw new Error("this proxy was not started");
  return proxy;
}

async function addPods(lab: Lab): Promise<Record<PodName, LabPod>> {
  const add = (name: PodName, node: string, more: Partial<PodSpec> = {}) =>
    lab.addPod({ name, node, ...more });
  const outside = (name: PodName) => ({ labels: { app: name, ...OUTSIDE } });
  const pods = {
    sleep: await add("sleep", "node-1"),
    notsleep: await add("notsleep", "node-1"),
    bystander: await add("bystander", "node-1", outside("bystander")),
    waypoint: await lab.addPod(waypointPod("waypoint", "node-1")),
    httpbin: await add("httpbin", "node-2"),
    neighbour: await add("neighbour", "node-2"),
    loner: await add("loner", "node-2", outside("loner")),
  };
  await startHttpServer(lab, pods.httpbin, HTTP_PORT);
  return pods;
}

async function addServices(lab: Lab) {
  const service = (name: string) =>
    lab.addService({
      name,
      selector: { app: "httpbin" },
      ports: [{ name: "http", port: HTTP_PORT, targetPort: HTTP_PORT }],
    });
  return {
    httpbin: await service("httpbin"),
    alias: await service("alias"),
  };
}
