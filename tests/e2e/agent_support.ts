/**
 * A mesh whose pods are handed over by Istio's own node agent:
 *
 *     node-1  hairpin, agent, pod sleep       curl runs in it
 *     node-2  hairpin, agent, pod httpbin     nginx on 8000
 *             outsider                        the Kubernetes API
 *
 * Where the real programs are not at hand the tests are skipped and say why.
 */
import {
  type CommandResult,
  type ConfigDump,
  type HairpinOptions,
  HairpinProcess,
  Lab,
  type LabNode,
  type LabPod,
  startHttpServer,
} from "../lab/mod.ts";
import { ControlPlane, testTools } from "../lab/control_plane/mod.ts";
import { NodeAgent, nodeAgentSkipReason } from "../lab/node_agent/mod.ts";
import { eventually, HTTP_PORT } from "./support.ts";

export const REDIRECTION = "ambient.istio.io/redirection";

/** A node with everything of Istio's on it, and hairpin in ztunnel's place. */
export interface AgentNode {
  readonly node: LabNode;
  readonly agent: NodeAgent;
  /** What Istio's chart tells its proxy, where there is an istiod. */
  readonly istio: Readonly<Record<string, string>> | undefined;
}

const REPOSITORY = new URL("../..", import.meta.url).pathname;

/** As Istio's chart starts its node proxy: by two words and its environment. */
export async function startAsZtunnel(
  lab: Lab,
  node: LabNode,
  env: Readonly<Record<string, string>>,
): Promise<HairpinProcess> {
  const program = [Deno.execPath(), "run", "-P", "main.ts"];
  const command = [...program, "proxy", "ztunnel"];
  const options = { env, cwd: REPOSITORY };
  const process = lab.start(node, `ztunnel-${node.name}`, command, options);
  const proxy = new HairpinProcess(node, process, false);
  await proxy.untilReady();
  return proxy;
}

export class AgentMesh implements AsyncDisposable {
  readonly #proxies = new Map<string, HairpinProcess>();

  private constructor(
    readonly lab: Lab,
    readonly plane: ControlPlane,
    readonly nodes: readonly AgentNode[],
  ) {}

  /**
   * Everything but agents, proxies and pods.
   *
   * @param istiod Whether proxies follow one, and ask it for certificates, as
   * in a cluster; else they have the lab's configuration and authority.
   */
  static async build(nodes = 1, istiod = false): Promise<AgentMesh> {
    const lab = await Lab.create({ nodes });
    try {
      await lab.addNamespace("default");
      const plane = await ControlPlane.start({ lab, istiod });
      await plane.addNamespace("default");
      const tools = testTools() ?? "";
      const made = await Promise.all(lab.nodes.map(async (node) => ({
        node,
        agent: await NodeAgent.prepare(lab, plane, { node, tools }),
        istio: istiod
          ? (await plane.addNode(node.name, node.ips[0]!)).env
          : undefined,
      })));
      return new AgentMesh(lab, plane, made);
    } catch (reason) {
      await lab[Symbol.asyncDispose]();
      throw reason;
    }
  }

  /** The same with agents and proxies that are ready. */
  static async start(nodes = 1, istiod = false): Promise<AgentMesh> {
    const mesh = await AgentMesh.build(nodes, istiod);
    try {
      await Promise.all(mesh.nodes.map(({ agent }) => agent.start()));
      for (const at of mesh.nodes) await mesh.startProxy(at);
      return mesh;
    } catch (reason) {
      await mesh[Symbol.asyncDispose]();
      throw reason;
    }
  }

  at(node: string): AgentNode {
    const found = this.nodes.find((at) => at.node.name === node);
    if (found === undefined) throw new Error(`no node ${node}`);
    return found;
  }

  /** The proxy that runs at a node now. */
  proxy(node: string): HairpinProcess {
    const proxy = this.#proxies.get(node);
    if (proxy === undefined) throw new Error(`no proxy at ${node}`);
    return proxy;
  }

  /** Starts (again) a node's proxy. Default: waits until it is ready. */
  async startProxy(
    { node, agent, istio }: AgentNode,
    options: HairpinOptions = {},
  ): Promise<HairpinProcess> {
    const env = { INPOD_UDS: agent.socketPath };
    const proxy = istio === undefined
      ? await this.lab.startHairpin(node, {
        redirect: "agent",
        ...options,
        env,
      })
      : await startAsZtunnel(this.lab, node, { ...istio, ...env });
    this.#proxies.set(node.name, proxy);
    return proxy;
  }

  /** Takes a proxy that somebody else started for that node's. */
  adoptProxy(node: string, proxy: HairpinProcess): void {
    this.#proxies.set(node, proxy);
  }

  /** SIGKILL, and waits for its end. */
  async killProxy(node: string): Promise<void> {
    const { process } = this.proxy(node);
    process.signal("SIGKILL");
    await process.ended;
  }

  /** A pod that exists in the lab and in the cluster, and is not enrolled. */
  async makePod(name: string, node: string): Promise<LabPod> {
    const made = await this.lab.addPod({ name, node });
    const pod = await this.register(made);
    await this.lab.applyPod(pod);
    return pod;
  }

  /** Makes the object of a pod, anew if need be: its uid is the cluster's. */
  async register(pod: LabPod): Promise<LabPod> {
    await this.plane.addPod({ ...pod, annotations: {} });
    return { ...pod, uid: (await this.#metadata(pod)).uid };
  }

  /** The same, then enrolled as a container runtime does it. */
  async addPod(name: string, node: string): Promise<LabPod> {
    const pod = await this.makePod(name, node);
    await this.enrol(pod);
    return pod;
  }

  /** Has the agent enrol a pod, and waits until it is. */
  async enrol(pod: LabPod): Promise<void> {
    await this.at(pod.node).agent.cni("ADD", pod);
    await this.proxy(pod.node).untilPodUp(pod);
    for (const proxy of this.#proxies.values()) {
      const knows = (dump: ConfigDump) =>
        dump.workloads.some(({ name }) => name === pod.name);
      await proxy.untilDump(`${pod.name} known`, knows);
    }
    await eventually(
      `${pod.name} annotated`,
      async () => await this.redirectionOf(pod) === "enabled",
    );
  }

  /** What the agent says of the pod. */
  async redirectionOf(pod: LabPod): Promise<string | undefined> {
    return (await this.#metadata(pod)).annotations?.[REDIRECTION];
  }

  /** curl from a pod to nginx in another. */
  get(from: LabPod, to: LabPod): Promise<CommandResult> {
    const url = `http://${to.ips[0]}:${HTTP_PORT}/`;
    return this.lab.exec(from, ["curl", "-sS", "--max-time", "10", url]);
  }

  /** Starts nginx in a pod. */
  async serve(pod: LabPod): Promise<void> {
    await startHttpServer(this.lab, pod, HTTP_PORT);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { agent } of this.nodes) await agent[Symbol.asyncDispose]();
    await this.lab[Symbol.asyncDispose]();
  }

  async #metadata({ name, namespace }: LabPod) {
    const { metadata } = await this.plane.get<{
      metadata: { uid: string; annotations?: Record<string, string> };
    }>("pod", name, namespace);
    return metadata;
  }
}

const skip = await nodeAgentSkipReason();
if (skip !== undefined) {
  console.log(`tests with Istio's node agent are skipped: ${skip}`);
}

/** A test that is skipped where the real programs are not at hand. */
export const agentTest = (name: string, fn: () => Promise<void>): void =>
  Deno.test({ name, ignore: skip !== undefined, fn });

/** A mesh that the tests of one file share. */
export function shareAgentMesh(
  nodes: number,
): (name: string, body: (mesh: AgentMesh) => Promise<void>) => void {
  let shared: AgentMesh | undefined;
  if (skip === undefined) {
    Deno.test.beforeAll(async () => {
      shared = await AgentMesh.start(nodes);
    });
    Deno.test.afterAll(async () => {
      await shared?.[Symbol.asyncDispose]();
    });
  }
  return (name, body) =>
    agentTest(name, async () => {
      if (shared === undefined) throw new Error("the mesh did not start");
      await body(shared);
    });
}
