import { stringify } from "yaml";
import { LabError, must, run } from "../command.ts";
import type { Lab } from "../lab.ts";
import type { LabProcess } from "../lab_process.ts";
import { Cluster } from "./cluster.ts";
import { type AuditEvent, readAudit, writeAuditPolicy } from "./audit.ts";
import { freePorts, type Host, labHost, loopbackHost } from "./host.ts";
import {
  meshConfigMap,
  namespaceObject,
  nodeObject,
  serviceAccountObject,
} from "./objects.ts";
import {
  ADMIN_TOKEN,
  adminKubeconfig,
  apiServerCommand,
  auditLogPath,
  etcdCommand,
  ISTIOD_HOSTNAME,
  istiodCommand,
  istiodEnv,
  type ProgramPlan,
  TOKEN_AUDIENCE,
} from "./programs.ts";
import { testTools, toolPath } from "./requirements.ts";

export interface ControlPlaneOptions {
  /** Where its nodes are; default: none, all of it is on loopback. */
  readonly lab?: Lab;
  /** Default true. Without it there is the Kubernetes API alone. */
  readonly istiod?: boolean;
  /** Added to istiod's environment. */
  readonly istiodEnv?: Readonly<Record<string, string>>;
  /** Added to Istio's MeshConfig. */
  readonly meshConfig?: Readonly<Record<string, unknown>>;
  /** Keeps what was asked of the API, and by whom, for `audit()`. Default false. */
  readonly audit?: boolean;
}

/** A node's proxy as the cluster knows it. */
export interface NodeProxy {
  readonly node: string;
  /** File of the token that it shows to istiod. */
  readonly tokenPath: string;
  /** ztunnel's variables for it: istiod's address and roots, its token, node and pod. */
  readonly env: Readonly<Record<string, string>>;
}

/** A cold start on a busy machine. */
const START_WAIT_MS = 120_000;
const POLL_MS = 200;

/**
 * etcd, a Kubernetes API server and istiod (ambient), on ports of their own. No
 * controller manager, scheduler or kubelet: `addPod()` plays them, and whoever
 * needs EndpointSlices or default service accounts makes them.
 */
export class ControlPlane extends Cluster implements AsyncDisposable {
  readonly #host: Host;
  readonly #plan: ProgramPlan;
  readonly #options: ControlPlaneOptions;
  #api: LabProcess | undefined;
  #istiod: LabProcess | undefined;

  private constructor(host: Host, options: ControlPlaneOptions) {
    super();
    this.#host = host;
    this.#options = options;
    this.#plan = {
      folder: host.folder,
      tools: testTools() ?? "",
      ip: host.ip,
      ports: freePorts(),
      ...options.audit && { auditPolicy: writeAuditPolicy(host.folder) },
    };
  }

  /** Starts all of it and waits until it answers. @throws {LabError} with a program's last words. */
  static async start(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
    const host = options.lab ? labHost(options.lab) : loopbackHost();
    const plane = new ControlPlane(host, options);
    try {
      await plane.#startApi();
      if (options.istiod !== false) {
        await plane.#prepareIstio();
        await plane.startIstiod();
        await plane.#writeRoot();
      }
      return plane;
    } catch (reason) {
      await plane[Symbol.asyncDispose]();
      throw reason;
    }
  }

  /** A folder of its own that goes away with it. */
  get folder(): string {
    return this.#host.folder;
  }

  get kubeconfig(): string {
    return `${this.folder}/kubeconfig`;
  }

  /** The Kubernetes API: its URL, the file of its authority, a token with all rights. */
  get api(): {
    readonly url: string;
    readonly caPath: string;
    readonly token: string;
  } {
    const { ip, ports, folder } = this.#plan;
    return {
      url: `https://${ip}:${ports.api}`,
      caPath: `${folder}/certs/apiserver.crt`,
      token: ADMIN_TOKEN,
    };
  }

  /** istiod's xDS and CA, the file of its roots, its only certified name, its metrics. */
  get istiod(): {
    readonly url: string;
    readonly rootPath: string;
    readonly hostname: string;
    readonly monitoringUrl: string;
    readonly debugUrl: string;
  } {
    const { ip, ports, folder } = this.#plan;
    return {
      url: `https://${ip}:${ports.secureGrpc}`,
      rootPath: `${folder}/istiod-root.pem`,
      hostname: ISTIOD_HOSTNAME,
      monitoringUrl: `http://${ip}:${ports.monitoring}`,
      debugUrl: `http://${ip}:${ports.http}/debug`,
    };
  }

  /** istiod's process, for its log and for signals. @throws {LabError} when it is not running. */
  get istiodProcess(): LabProcess {
    if (this.#istiod === undefined) {
      throw new LabError("Cannot use istiod: it was not started");
    }
    return this.#istiod;
  }

  /** Makes a node and its proxy's pod, and a token for that. */
  async addNode(name: string, ip: string): Promise<NodeProxy> {
    await this.apply(nodeObject(name));
    const pod = `ztunnel-${name}`;
    await this.addPod({
      name: pod,
      namespace: "istio-system",
      node: name,
      ips: [ip],
      serviceAccount: "ztunnel",
      labels: { app: "ztunnel" },
      annotations: {},
    });
    const tokenPath = `${this.folder}/token-${name}`;
    await Deno.writeTextFile(tokenPath, await this.proxyToken(pod));
    return { node: name, tokenPath, env: this.#nodeEnv(name, ip, tokenPath) };
  }

  /** A token of ztunnel's account that is bound to a pod. @param audience Default: istiod's. */
  async proxyToken(
    pod: string,
    { audience = TOKEN_AUDIENCE, duration = "12h" } = {},
  ): Promise<string> {
    const { metadata } = await this.get<{ metadata: { uid: string } }>(
      "pod",
      pod,
      "istio-system",
    );
    const token = await this.kubectl([
      ...["create", "token", "ztunnel", "-n", "istio-system"],
      ...["--audience", audience, "--duration", duration],
      ...["--bound-object-kind", "Pod", "--bound-object-name", pod],
      ...["--bound-object-uid", metadata.uid],
    ]);
    return token.trim();
  }

  /** What an account asked of the API so far. */
  audit(username: string): AuditEvent[] {
    const path = auditLogPath(this.#plan);
    return readAudit(path).filter(({ user }) => user === username);
  }

  /** Starts the API server (again: same port, same certificate, same objects) and waits until it is ready. */
  async startApi(): Promise<void> {
    const command = apiServerCommand(this.#plan);
    this.#api = this.#host.start("kube-apiserver", command);
    await this.#until("ready", this.#api, this.kubectlCommand(READY));
  }

  /** SIGKILL by default: with SIGTERM it goes on for a minute. */
  async stopApi(signal: "SIGTERM" | "SIGKILL" = "SIGKILL"): Promise<void> {
    this.#api?.signal(signal);
    await this.#api?.stop();
  }

  /** Starts istiod (again: same ports, same authority) and waits until it is ready. */
  async startIstiod(): Promise<void> {
    const command = istiodCommand(this.#plan, this.kubeconfig);
    const env = { ...istiodEnv(this.#plan), ...this.#options.istiodEnv };
    this.#istiod = this.#host.start("istiod", command, { env });
    const { ip, ports } = this.#plan;
    const url = `http://${ip}:${ports.http}/ready`;
    await this.#until(
      "ready",
      this.#istiod,
      this.#host.wrap(["curl", "-sf", url]),
    );
  }

  /** SIGTERM, or SIGKILL when asked for; waits for its end. */
  async stopIstiod(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    this.istiodProcess.signal(signal);
    await this.istiodProcess.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Asked to end, it would take its time.
    await this.stopApi();
    await this.#host[Symbol.asyncDispose]();
  }

  protected kubectlCommand(args: readonly string[]): string[] {
    const program = toolPath(this.#plan.tools, "kubectl");
    const command = [program, "--kubeconfig", this.kubeconfig, ...args];
    return this.#host.wrap(command);
  }

  async #startApi(): Promise<void> {
    const { folder } = this.#plan;
    await Deno.writeTextFile(
      `${folder}/tokens.csv`,
      `${ADMIN_TOKEN},admin,admin,system:masters\n`,
    );
    await Deno.writeTextFile(
      this.kubeconfig,
      stringify(adminKubeconfig(this.#plan)),
    );
    await must(["openssl", "genrsa", "-out", `${folder}/sa.key`, "2048"]);
    this.#host.start("etcd", etcdCommand(this.#plan));
    await this.startApi();
    const definitions = `${this.#plan.tools}/../crds`;
    await this.kubectl([
      ...["create", "-f", `${definitions}/istio.yaml`],
      ...["-f", `${definitions}/gateway-api.yaml`],
    ]);
  }

  async #prepareIstio(): Promise<void> {
    const { ip, ports } = this.#plan;
    await this.apply(namespaceObject("istio-system"));
    await this.apply(
      meshConfigMap(
        `${ip}:${ports.secureGrpc}`,
        this.#options.meshConfig ?? {},
      ),
      serviceAccountObject("istio-system", "ztunnel"),
    );
  }

  async #writeRoot(): Promise<void> {
    const args = ["get", "configmap", "-n", "istio-system"];
    const read = this.kubectlCommand([
      ...args,
      "istio-ca-root-cert",
      ...["-o", "jsonpath={.data.root-cert\\.pem}"],
    ]);
    await this.#until("its root certificate", this.istiodProcess, read);
    const root = await must(read);
    await Deno.writeTextFile(this.istiod.rootPath, root);
  }

  #nodeEnv(
    node: string,
    ip: string,
    tokenPath: string,
  ): Record<string, string> {
    const { url, rootPath, hostname } = this.istiod;
    return {
      XDS_ADDRESS: url,
      CA_ADDRESS: url,
      XDS_ROOT_CA: rootPath,
      CA_ROOT_CA: rootPath,
      ALT_XDS_HOSTNAME: hostname,
      ALT_CA_HOSTNAME: hostname,
      AUTH_TOKEN: tokenPath,
      NODE_NAME: node,
      POD_NAME: `ztunnel-${node}`,
      POD_NAMESPACE: "istio-system",
      SERVICE_ACCOUNT: "ztunnel",
      INSTANCE_IP: ip,
      CLUSTER_ID: "Kubernetes",
      PROXY_MODE: "shared",
    };
  }

  /** Waits until a command succeeds with some output or none at all. */
  async #until(
    what: string,
    process: LabProcess,
    command: readonly string[],
  ): Promise<void> {
    const deadline = performance.now() + START_WAIT_MS;
    while ((await run(command)).code !== 0) {
      if (!process.running) throw process.failure("it ended");
      if (performance.now() > deadline) {
        throw process.failure(`not in time: ${what}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

const READY = ["get", "--raw", "/readyz"];
