/**
 * A mesh that takes its state from istiod and its certificates from its CA:
 *
 *     node-1  sleep      a client
 *     node-2  httpbin    nginx on 8000, a TCP echo server on 9000
 *             outsider   the control plane; a client outside the mesh
 *
 * The proxies enrol the pods themselves, by what the Kubernetes API shows.
 */
import { netnsPath } from "../lab/command.ts";
import {
  ControlPlane,
  controlPlaneSkipReason,
  type NodeProxy,
} from "../lab/control_plane/mod.ts";
import {
  type ConfigDump,
  type HairpinOptions,
  type HairpinProcess,
  Lab,
  type LabPod,
  labSkipReason,
  startEchoServer,
  startHttpServer,
} from "../lab/mod.ts";
import { type Call, call } from "./calls.ts";
import { ECHO_PORT, eventually, HTTP_PORT } from "./support.ts";

export const SERVICE = "httpbin.default.svc.cluster.local";

/** A node, and how its proxy shows itself to istiod. */
type NodeName = "node-1" | "node-2";

export class IstiodMesh implements AsyncDisposable {
  readonly #proxies = new Map<string, HairpinProcess>();
  #options: HairpinOptions = {};

  private constructor(
    readonly lab: Lab,
    readonly plane: ControlPlane,
    readonly nodes: Readonly<Record<NodeName, NodeProxy>>,
    readonly sleep: LabPod,
    readonly httpbin: LabPod,
    /** The cluster IP of httpbin. */
    readonly vip: string,
  ) {}

  static async start(options: HairpinOptions = {}): Promise<IstiodMesh> {
    const lab = await Lab.create();
    try {
      const plane = await ControlPlane.start({ lab });
      const nodes = {
        "node-1": await addNode(lab, plane, "node-1"),
        "node-2": await addNode(lab, plane, "node-2"),
      };
      await plane.addNamespace("default");
      const sleep = await addPod(lab, plane, "sleep", "node-1");
      const httpbin = await addPod(lab, plane, "httpbin", "node-2");
      const vip = await addService(plane);
      await startHttpServer(lab, httpbin, HTTP_PORT);
      await startEchoServer(lab, httpbin, ECHO_PORT);
      const mesh = new IstiodMesh(lab, plane, nodes, sleep, httpbin, vip);
      mesh.#options = options;
      await Promise.all([
        mesh.startProxy("node-1"),
        mesh.startProxy("node-2"),
      ]);
      await mesh.untilServed(sleep);
      await mesh.untilServed(httpbin);
      return mesh;
    } catch (reason) {
      await lab[Symbol.asyncDispose]();
      throw reason;
    }
  }

  get proxies(): readonly HairpinProcess[] {
    return [...this.#proxies.values()];
  }

  proxy(node: NodeName): HairpinProcess {
    return this.#proxies.get(node)!;
  }

  /** Starts (again) a node's proxy. Default: waits until it is ready. */
  async startProxy(
    name: NodeName,
    options: HairpinOptions = {},
  ): Promise<HairpinProcess> {
    const proxy = await this.lab.startHairpin(this.lab.node(name), {
      kubeconfig: this.plane.kubeconfig,
      ...this.#options,
      ...options,
      env: { ...this.nodes[name].env, ...this.#options.env, ...options.env },
    });
    this.#proxies.set(name, proxy);
    return proxy;
  }

  /** Makes one more pod, in the lab and in the cluster. */
  addPod(name: string, node: NodeName, labels = { app: name }) {
    return addPod(this.lab, this.plane, name, node, labels);
  }

  /** Has the cluster show a pod ready, or not. */
  setReady(pod: LabPod, ready: boolean): Promise<void> {
    return applyPod(this.plane, { ...pod, ready });
  }

  /**
   * Waits until a pod is redirected, and the other node tunnels to it; where
   * nodes are told on demand only its own knows it.
   */
  async untilServed(pod: LabPod): Promise<void> {
    const { metadata: { uid } } = await this.plane.get<
      { metadata: { uid: string } }
    >("pod", pod.name);
    const own = this.proxy(pod.node as NodeName);
    await own.process.untilLog(new RegExp(`pod redirected\\tuid="${uid}"`), {
      from: own.process.logStart,
    });
    const onDemand = this.#options.env?.["XDS_ON_DEMAND"] === "true";
    const isKnown = ({ workloads }: ConfigDump) =>
      workloads.some(({ name, protocol }) =>
        name === pod.name && protocol === "HBONE"
      );
    await (onDemand
      ? own.untilDump(`${pod.name} known`, isKnown)
      : this.untilAll(`${pod.name} known`, isKnown));
  }

  /** Waits until every proxy shows such a state. */
  async untilAll(
    what: string,
    test: (dump: ConfigDump) => boolean,
  ): Promise<void> {
    await Promise.all(
      this.proxies.map((proxy) => proxy.untilDump(what, test)),
    );
  }

  /** A request of sleep's to httpbin's service. */
  get(more: readonly string[] = []): Promise<Call> {
    const url = `http://${this.vip}:${HTTP_PORT}/`;
    return call(this.lab, this.sleep, url, ["--max-time", "10", ...more]);
  }

  /** Waits until requests are answered, or are not any more. */
  untilAnswered(answered: boolean): Promise<void> {
    return eventually(
      answered ? "requests are answered" : "requests are refused",
      async () => ((await this.get()).status === 200) === answered,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.plane[Symbol.asyncDispose]();
    await this.lab[Symbol.asyncDispose]();
  }
}

const addNode = (lab: Lab, plane: ControlPlane, name: NodeName) =>
  plane.addNode(name, lab.node(name).ips[0]!);

async function addPod(
  lab: Lab,
  plane: ControlPlane,
  name: string,
  node: NodeName,
  labels: Readonly<Record<string, string>> = { app: name },
): Promise<LabPod> {
  const pod = await lab.addPod({ name, node, labels });
  await applyPod(plane, pod);
  return pod;
}

async function applyPod(
  plane: ControlPlane,
  { name, node, ips, labels, netns, ready }: LabPod,
): Promise<void> {
  const annotations = {
    "hairpin.dev/netns": netnsPath(netns),
    "ambient.istio.io/redirection": "enabled",
  };
  await plane.addPod({ name, node, ips, labels, annotations, ready });
}

/** @returns the cluster IP of httpbin. */
async function addService(plane: ControlPlane): Promise<string> {
  await plane.apply({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "httpbin", namespace: "default" },
    spec: {
      selector: { app: "httpbin" },
      ports: [
        { name: "http", port: HTTP_PORT },
        { name: "tcp-echo", port: ECHO_PORT },
      ],
    },
  });
  const { spec } = await plane.get<{ spec: { clusterIP: string } }>(
    "service",
    "httpbin",
  );
  return spec.clusterIP;
}

const skip = await controlPlaneSkipReason() ?? await labSkipReason();
if (skip !== undefined) console.log(`tests with istiod are skipped: ${skip}`);

/** A test with a mesh of its own; skipped where the real programs are not at hand. */
export const istiodTest = (
  name: string,
  body: (mesh: IstiodMesh, t: Deno.TestContext) => Promise<void>,
  options: HairpinOptions = {},
): void =>
  Deno.test({
    name,
    ignore: skip !== undefined,
    fn: async (t) => {
      await using mesh = await IstiodMesh.start(options);
      await body(mesh, t);
    },
  });
