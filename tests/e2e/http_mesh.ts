/**
 * A mesh for tests of what a waypoint does with requests, all of it in namespace
 * `mesh`, whose services the waypoint fronts:
 *
 *     node-1  client               where curl and other clients run
 *             consumer             the same, in namespace `mesh-consumer`
 *             waypoint             hairpin in waypoint mode
 *     node-2  echo-v1, echo-v2     programs/echo_server.ts
 *             rough                programs/rough_server.ts on 8081
 *
 * Services `echo-v1` and `echo-v2` lead to one pod, `echo` to both; see
 * {@link ECHO_PORTS} and {@link ROUGH_PORTS} for what their ports declare.
 */
import { stringify } from "yaml";
import {
  type CommandResult,
  type HairpinProcess,
  Lab,
  type LabPod,
  type LabProcess,
  type LabService,
  type Place,
} from "../lab/mod.ts";
import type { ServicePort } from "../lab/manifests.ts";
import { startProgram } from "./http_programs.ts";
import { gateway, USE_WAYPOINT, waypointPod } from "./waypoint_support.ts";

export const NAMESPACE = "mesh";

const port = (
  name: string,
  port: number,
  targetPort: number,
  appProtocol: string,
): ServicePort => ({ name, port, targetPort, appProtocol });

/** As the Gateway API's conformance tests have them, and one that declares nothing. */
export const ECHO_PORTS: readonly ServicePort[] = [
  port("http", 80, 8080, "http"),
  port("http-alt", 8080, 8080, "http"),
  port("h2c", 8082, 8080, "kubernetes.io/h2c"),
  port("https", 443, 8443, "https"),
  port("tcp", 9090, 9090, "tcp"),
  port("grpc", 7070, 7070, "grpc"),
  port("http2-only", 7071, 7071, "kubernetes.io/h2c"),
  { name: "any", port: 6060, targetPort: 6060 },
  { name: "any-http", port: 8090, targetPort: 8080 },
];

export const ROUGH_PORTS: readonly ServicePort[] = [
  port("http", 80, 8081, "http"),
  { name: "any", port: 8090, targetPort: 8081 },
];

const PODS = {
  client: "node-1",
  "echo-v1": "node-2",
  "echo-v2": "node-2",
  rough: "node-2",
} as const;

type PodName = keyof typeof PODS | "waypoint" | "consumer";
type ProgramName = "echo-v1" | "echo-v2" | "rough";
type ServiceName = "echo" | "echo-v1" | "echo-v2" | "rough";

export interface HttpMeshOptions {
  /** More of the waypoint's. Default: none. */
  readonly waypointFlags?: readonly string[];
  /** `istio.io/waypoint-for`. Default `service`. */
  readonly waypointFor?: "service" | "all";
}

/** What curl saw. */
export interface HttpReply {
  /** 0 for a whole response; 18, 52, 56, 92 when it was cut. */
  readonly curlCode: number;
  /** 0 when there was none. */
  readonly status: number;
  /** Of the last response, names in lower case; values of one name in order. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  readonly version: string;
  readonly error: string;
}

export class HttpMesh implements AsyncDisposable {
  private constructor(
    readonly lab: Lab,
    readonly pods: Readonly<Record<PodName, LabPod>>,
    readonly services: Readonly<Record<ServiceName, LabService>>,
    /** Of the clients' node, the servers' node and the waypoint. */
    readonly proxies: readonly [HairpinProcess, HairpinProcess, HairpinProcess],
    readonly programs: Record<ProgramName, LabProcess>,
  ) {}

  static async start(options: HttpMeshOptions = {}): Promise<HttpMesh> {
    const lab = await Lab.create();
    try {
      await lab.addNamespace(NAMESPACE, {
        "istio.io/dataplane-mode": "ambient",
        ...USE_WAYPOINT,
      });
      const pods = await addPods(lab);
      const services = await addServices(lab);
      const { waypointFor = "service" } = options;
      await lab.apply("gateway", meshGateway(waypointFor));
      const programs = {
        "echo-v1": await startProgram(lab, pods["echo-v1"], "echo_server"),
        "echo-v2": await startProgram(lab, pods["echo-v2"], "echo_server"),
        rough: await startProgram(lab, pods.rough, "rough_server", "8081"),
      };
      const proxies = await startProxies(lab, pods, options);
      return new HttpMesh(lab, pods, services, proxies, programs);
    } catch (reason) {
      await lab[Symbol.asyncDispose]();
      throw reason;
    }
  }

  get waypoint(): HairpinProcess {
    return this.proxies[2];
  }

  /** `http://IP[:PORT]PATH` of a service. */
  urlOf(service: ServiceName, path = "/", port = 80): string {
    return `http://${this.services[service].vips[0]}:${port}${path}`;
  }

  /** A service's address and port. */
  at(service: ServiceName, port = 80): { ip: string; port: number } {
    return { ip: this.services[service].vips[0], port };
  }

  /** Runs curl. @param more Its arguments beside the URL. */
  async curl(
    url: string,
    more: readonly string[] = [],
    from: Place = this.pods.client,
  ): Promise<HttpReply> {
    const result = await this.lab.exec(from, [
      ...["curl", "-sS", "--max-time", "55", "--path-as-is"],
      ...["-w", "%{stderr}\n%{json}\n%{header_json}", ...more, url],
    ]);
    return replyOf(result);
  }

  /** The same for an answer of echo_server.ts, as it reported the request. */
  async echo(
    url: string,
    more: readonly string[] = [],
    from: Place = this.pods.client,
  ): Promise<EchoReport> {
    const reply = await this.curl(url, more, from);
    if (reply.status !== 200) {
      throw new Error(`status ${reply.status}: ${reply.body}${reply.error}`);
    }
    return JSON.parse(reply.body);
  }

  /** Puts manifests into force at the waypoint for as long as the body runs. */
  async under(
    name: string,
    manifests: readonly object[],
    body: () => Promise<void>,
  ): Promise<void> {
    if (manifests.length === 0) return await body();
    const text = manifests.map((manifest) => stringify(manifest));
    await this.change(() => this.lab.apply(name, text.join("---\n")));
    try {
      await body();
    } finally {
      await this.change(() => this.lab.delete(name));
    }
  }

  /** Ends a pod's echo server for as long as the body runs. */
  async without(
    name: "echo-v1" | "echo-v2",
    body: () => Promise<void>,
  ): Promise<void> {
    const { lab, pods, programs } = this;
    await programs[name].stop();
    try {
      await body();
    } finally {
      programs[name] = await startProgram(lab, pods[name], "echo_server");
    }
  }

  /** Changes the configuration and waits until the waypoint has read it. */
  async change(change: () => Promise<void>): Promise<void> {
    const { process } = this.waypoint;
    const from = process.log().length;
    await change();
    await process.untilLog(/configuration loaded/, { from });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab[Symbol.asyncDispose]();
  }
}

/** What echo_server.ts says of a request. */
export interface EchoReport {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly bodyLength: number;
  readonly remote: string;
}

/** Values of one header, joined as they came. */
export const headerOf = (
  { headers }: EchoReport,
  name: string,
): string | undefined => headers.find(([key]) => key === name)?.[1];

function replyOf({ code, stdout, stderr }: CommandResult): HttpReply {
  const start = stderr.indexOf("\n{");
  const error = stderr.slice(0, start).trim();
  const [facts, headers] = jsonsIn(stderr.slice(start + 1));
  return {
    curlCode: code,
    status: Number(facts?.http_code ?? 0),
    headers: (headers ?? {}) as HttpReply["headers"],
    body: stdout,
    version: `${facts?.http_version}`,
    error,
  };
}

/** curl prints one object on a line of its own, and another over several. */
function jsonsIn(text: string): Record<string, unknown>[] {
  const end = text.indexOf("\n");
  return [text.slice(0, end), text.slice(end + 1)]
    .filter((part) => part.trim() !== "")
    .map((part) => JSON.parse(part));
}

const meshGateway = (waypointFor: string): object => {
  const made = gateway("waypoint", {
    waypointFor,
    spec: {
      listeners: [{
        name: "mesh",
        port: 15_008,
        protocol: "HBONE",
        allowedRoutes: { namespaces: { from: "All" } },
      }],
    },
  }) as { metadata: object };
  return { ...made, metadata: { ...made.metadata, namespace: NAMESPACE } };
};

async function addPods(lab: Lab): Promise<Record<PodName, LabPod>> {
  const made: Partial<Record<PodName, LabPod>> = {};
  for (const [name, node] of Object.entries(PODS)) {
    const labels = { app: name, ...name.startsWith("echo") && { echo: "all" } };
    const spec = { name, node, namespace: NAMESPACE, labels };
    made[name as PodName] = await lab.addPod(spec);
  }
  made.consumer = await lab.addPod({
    name: "consumer",
    node: "node-1",
    namespace: "mesh-consumer",
  });
  const spec = waypointPod("waypoint", "node-1", { namespace: NAMESPACE });
  made.waypoint = await lab.addPod(spec);
  return made as Record<PodName, LabPod>;
}

async function addServices(lab: Lab): Promise<Record<ServiceName, LabService>> {
  const add = (
    name: string,
    selector: Record<string, string>,
    ports: readonly ServicePort[],
  ) => lab.addService({ name, namespace: NAMESPACE, selector, ports });
  return {
    echo: await add("echo", { echo: "all" }, ECHO_PORTS),
    "echo-v1": await add("echo-v1", { app: "echo-v1" }, ECHO_PORTS),
    "echo-v2": await add("echo-v2", { app: "echo-v2" }, ECHO_PORTS),
    rough: await add("rough", { app: "rough" }, ROUGH_PORTS),
  };
}

async function startProxies(
  lab: Lab,
  pods: Readonly<Record<PodName, LabPod>>,
  { waypointFlags = [] }: HttpMeshOptions,
): Promise<[HairpinProcess, HairpinProcess, HairpinProcess]> {
  const [near, far, waypoint] = await Promise.all([
    lab.startHairpin(lab.node("node-1")),
    lab.startHairpin(lab.node("node-2")),
    lab.startHairpin(pods.waypoint, {
      gateway: `${NAMESPACE}/waypoint`,
      flags: waypointFlags,
    }),
  ]);
  await near.untilPodUp(pods.client);
  await near.untilPodUp(pods.consumer);
  for (const name of ["echo-v1", "echo-v2", "rough"] as const) {
    await far.untilPodUp(pods[name]);
  }
  return [near, far, waypoint];
}
