import { nodeAddresses, PREFIX_LENGTHS } from "../addresses.ts";
import { inNamespace, LabError, must, netnsPath } from "../command.ts";
import type { ControlPlane } from "../control_plane/mod.ts";
import type { Lab } from "../lab.ts";
import type { LabProcess } from "../lab_process.ts";
import type { LabNode, LabPod } from "../places.ts";
import {
  accountFolder,
  agentCommand,
  agentEnv,
  type AgentPlan,
  NETWORK,
  networkFolder,
  pluginInput,
  zdsSocket,
} from "./programs.ts";

/** The first start writes the plugin's binary and configuration. */
const START_WAIT_MS = 60_000;
const MONITORING_PORT = 15014;

/** Istio's node agent at one node, and the CNI plugin that reports pods to it. */
export class NodeAgent implements AsyncDisposable {
  readonly #lab: Lab;
  readonly #node: LabNode;
  readonly #plan: AgentPlan;
  #process: LabProcess | undefined;

  private constructor(lab: Lab, node: LabNode, plan: AgentPlan) {
    this.#lab = lab;
    this.#node = node;
    this.#plan = plan;
  }

  /** Prepares an agent that is not started yet. */
  static async prepare(
    lab: Lab,
    plane: ControlPlane,
    { node, tools }: { readonly node: LabNode; readonly tools: string },
  ): Promise<NodeAgent> {
    const folder = `${lab.folder}/agent-${node.name}`;
    const plan = { tools, folder, node: node.name, api: plane.api };
    for (const name of ["root", "net.d", "run", "account"]) {
      await Deno.mkdir(`${folder}/${name}`, { recursive: true });
    }
    await Deno.writeTextFile(
      `${networkFolder(plan)}/10-lab.conflist`,
      JSON.stringify(NETWORK),
    );
    const account = accountFolder(plan);
    await Deno.writeTextFile(`${account}/token`, plan.api.token);
    await Deno.writeTextFile(`${account}/namespace`, "istio-system");
    await Deno.copyFile(plan.api.caPath, `${account}/ca.crt`);
    return new NodeAgent(lab, node, plan);
  }

  /** Where the node's proxy meets it: `INPOD_UDS`. */
  get socketPath(): string {
    return zdsSocket(this.#plan);
  }

  /** @throws {LabError} when it was not started. */
  get process(): LabProcess {
    if (this.#process !== undefined) return this.#process;
    throw new LabError("Cannot use the node agent: it was not started");
  }

  /**
   * Starts it (again) and waits until it serves pods.
   *
   * @param more Settings beside, or instead of, those of every lab. Default none.
   */
  async start(more: Readonly<Record<string, string>> = {}): Promise<void> {
    const command = agentCommand(this.#plan, MONITORING_PORT);
    const env = { ...agentEnv(this.#plan), ...more };
    const name = `agent-${this.#node.name}`;
    this.#process = this.#lab.start(this.#node, name, command, { env });
    await this.#process.untilLog(/initial installation complete/, {
      from: this.#process.logStart,
      timeoutMs: START_WAIT_MS,
    });
  }

  /** SIGTERM, or SIGKILL when asked for; waits for its end. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const { process } = this;
    // unshare itself passes no signal on.
    for (const child of childrenOf(process.pid)) Deno.kill(child, signal);
    await process.stop();
  }

  /**
   * What a container runtime asks of the plugin for a pod.
   *
   * @throws {LabError} with the plugin's words when it refuses.
   */
  async cni(what: "ADD" | "DEL", pod: LabPod): Promise<void> {
    const netns = netnsPath(pod.netns);
    const input = pluginInput(await this.#conflist(), netns, addressesOf(pod));
    if (input === undefined) {
      throw new LabError("Cannot call the CNI plugin: it is not installed");
    }
    const plugin = `${this.#plan.tools}/istio-cni`;
    await must(inNamespace(this.#node.netns, [plugin]), {
      stdin: JSON.stringify(input),
      env: {
        CNI_COMMAND: what,
        CNI_CONTAINERID: `lab-${pod.name}`,
        CNI_NETNS: netns,
        CNI_IFNAME: "eth0",
        CNI_PATH: this.#plan.tools,
        CNI_ARGS: [
          `K8S_POD_NAME=${pod.name}`,
          `K8S_POD_NAMESPACE=${pod.namespace}`,
          `K8S_POD_UID=${pod.uid}`,
        ].join(";"),
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process?.running) await this.stop();
  }

  async #conflist() {
    const path = `${networkFolder(this.#plan)}/10-lab.conflist`;
    return JSON.parse(await Deno.readTextFile(path));
  }
}

function addressesOf({ ips, node }: LabPod) {
  const { gateway } = nodeAddresses(Number(node.replace("node-", "")));
  return ips.map((ip, at) => ({
    address: `${ip}/${PREFIX_LENGTHS[at]}`,
    gateway: gateway[at] ?? "",
  }));
}

function childrenOf(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  return Deno.readTextFileSync(path).split(" ").filter((word) => word !== "")
    .map(Number);
}
