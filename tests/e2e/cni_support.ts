/** A node whose pods come by a chain of plugins: Debian's, and hairpin's. */
import type { Sandbox } from "../lab/cni/runner.ts";
import { sh } from "../support/test_netns.ts";
import { eventually } from "./support.ts";

const DEBIAN_PLUGINS = "/usr/lib/cni";
const ROOT = new URL("../..", import.meta.url).pathname;

/** Why no chain can be run here; undefined when it can. */
export function skipReason(): string | undefined {
  if (Deno.uid() !== 0) return "namespaces are root's";
  try {
    Deno.statSync(`${DEBIAN_PLUGINS}/bridge`);
    return undefined;
  } catch {
    return "it needs the Debian package containernetworking-plugins";
  }
}

/** The mesh's files: a pod `cart` of a namespace that is captured. */
export const MESH = (mode: string) => `
apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { istio.io/dataplane-mode: ambient } }
---
apiVersion: v1
kind: Pod
metadata:
  { name: cart, namespace: shop, uid: u-1, labels: { istio.io/dataplane-mode: ${mode} } }
spec: { nodeName: node-1 }
`;

/** A node of one hairpin, with a folder of its own. */
export class Node implements AsyncDisposable {
  #process: Deno.ChildProcess | undefined;

  private constructor(readonly netns: string, readonly folder: string) {}

  static async make(netns: string, mode = "ambient"): Promise<Node> {
    const folder = await Deno.makeTempDir({ prefix: "hairpin-chain-" });
    const node = new Node(netns, folder);
    await Deno.mkdir(`${folder}/bin`);
    await Deno.mkdir(`${folder}/net.d`);
    await Deno.writeTextFile(`${folder}/mesh.yaml`, MESH(mode));
    const launcher = `#!/bin/sh\nexec ${node.#command().join(" ")}\n`;
    await Deno.writeTextFile(`${folder}/bin/hairpin-cni`, launcher);
    await Deno.chmod(`${folder}/bin/hairpin-cni`, 0o755);
    return node;
  }

  #command(): string[] {
    return [
      Deno.execPath(),
      "run",
      "--quiet",
      "-P",
      "--config",
      `${ROOT}deno.json`,
      `${ROOT}main.ts`,
    ];
  }

  get list() {
    return {
      cniVersion: "1.0.0",
      name: "lab",
      plugins: [
        {
          type: "bridge",
          bridge: "cni0",
          isGateway: true,
          ipam: {
            type: "host-local",
            subnet: "10.88.0.0/24",
            dataDir: `${this.folder}/ipam`,
          },
        },
        { type: "hairpin-cni", agent_socket: this.socket },
      ],
    };
  }

  get socket(): string {
    return `${this.folder}/run/cni.sock`;
  }

  get runner() {
    return {
      prefix: ["ip", "netns", "exec", this.netns],
      path: [`${this.folder}/bin`, DEBIAN_PLUGINS],
    };
  }

  async start(...flags: string[]): Promise<void> {
    this.#process = new Deno.Command("ip", {
      args: [
        "netns",
        "exec",
        this.netns,
        ...this.#command(),
        "--mode=node",
        "--node-name=node-1",
        "--workers=1",
        `--config=${this.folder}/mesh.yaml`,
        `--ca-dir=${this.folder}/ca`,
        `--cni-socket=${this.socket}`,
        ...flags,
      ],
      stdout: "null",
      stderr: "null",
    }).spawn();
    await eventually("hairpin ready", async () => {
      const url = "http://127.0.0.1:15021/healthz/ready";
      const curl = ["ip", "netns", "exec", this.netns];
      return await sh(`curl -fs ${url}`, curl).then(() => true, () => false);
    }, 60_000);
  }

  async stop(): Promise<void> {
    this.#process?.kill("SIGTERM");
    await this.#process?.status;
    this.#process = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Deno.remove(this.folder, { recursive: true });
  }
}

export const sandboxIn = (netns: string): Sandbox => ({
  containerId: crypto.randomUUID(),
  netns,
  podName: "cart",
  podNamespace: "shop",
});

/** A pod's rules and listeners. */
export const rules = (run: (script: string) => Promise<string>) =>
  run("iptables-save -t nat; ss -Hltn");
