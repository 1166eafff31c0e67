/** A node that captures pods as the container runtime's chain of plugins makes them. */
import assert from "node:assert/strict";
import { addAll, CniRunError, delAll } from "../lab/cni/runner.ts";
import { makeTestNetns, makeUserTestNetns, sh } from "../support/test_netns.ts";
import { echoServer, openConnection } from "../support/open_connection.ts";
import { eventually } from "./support.ts";

const DEBIAN_PLUGINS = "/usr/lib/cni";
const ROOT = new URL("../..", import.meta.url).pathname;

function skipReason(): string | undefined {
  if (Deno.uid() !== 0) return "namespaces are root's";
  try {
    Deno.statSync(`${DEBIAN_PLUGINS}/bridge`);
    return undefined;
  } catch {
    return "it needs the Debian package containernetworking-plugins";
  }
}

const skip = skipReason();
if (skip !== undefined) {
  console.log(`tests of the chained CNI plugin are skipped: ${skip}`);
}
const chainTest = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, ignore: skip !== undefined, fn });

const MESH = (mode: string) => `
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
class Node implements AsyncDisposable {
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

const sandboxIn = (netns: string) => ({
  containerId: crypto.randomUUID(),
  netns,
  podName: "cart",
  podNamespace: "shop",
});

const rules = (run: (script: string) => Promise<string>) =>
  run("iptables-save -t nat; ss -Hltn");

chainTest(
  "a pod of the mesh starts captured, and is let go of when it ends",
  async () => {
    await using host = await makeTestNetns();
    await using pod = await makeTestNetns();
    await using node = await Node.make(host.name);
    const sandbox = sandboxIn(pod.path);
    const early = await addAll(node.list, sandbox, node.runner).catch((e) => e);
    assert.ok(early instanceof CniRunError);
    assert.equal(early.plugin, "hairpin-cni");
    assert.equal(early.reply.json?.code, 11);
    assert.doesNotMatch(await rules(pod.sh), /ISTIO/);
    await delAll(node.list, sandbox, node.runner, undefined);

    await node.start();
    const result = await addAll(node.list, sandbox, node.runner);
    assert.match(JSON.stringify(result), /"10\.88\.0\.\d+\/24"/);
    const captured = await rules(pod.sh);
    assert.match(captured, /-A ISTIO_OUTPUT .*--to-ports 15001/);
    for (const port of [15_001, 15_006, 15_008]) {
      assert.match(captured, new RegExp(`:${port}\\b`));
    }
    await delAll(node.list, sandbox, node.runner, result);
    assert.doesNotMatch(await rules(pod.sh), /ISTIO|:15008/);
  },
);

chainTest(
  "a pod with users of its own starts captured and served, as any other",
  async () => {
    await using host = await makeTestNetns();
    await using pod = await makeUserTestNetns();
    await using node = await Node.make(host.name);
    await node.start();
    const sandbox = sandboxIn(pod.path);
    const result = await addAll(node.list, sandbox, node.runner);
    assert.match(await rules(pod.sh), /ISTIO_OUTPUT[^]*:15008\b/);
    // Through the proxy, whose sockets are in the pod's network.
    await using _server = await echoServer(host);
    const [address] = /10\.88\.0\.\d+/.exec(JSON.stringify(result)) ?? [];
    const status = `status: { podIPs: [{ ip: ${address} }] }\n`;
    const mesh = `${node.folder}/mesh.yaml`;
    await Deno.writeTextFile(mesh, MESH("ambient") + status);
    await eventually("the pod's address known", async () => {
      await using client = await openConnection(pod, "10.88.0.1");
      return await client.ask() === "echo";
    }, 30_000);
    await delAll(node.list, sandbox, node.runner, result);
    assert.doesNotMatch(await rules(pod.sh), /ISTIO|:15008/);
  },
);

chainTest("a pod outside of the mesh starts as it is", async () => {
  await using host = await makeTestNetns();
  await using pod = await makeTestNetns();
  await using node = await Node.make(host.name, "none");
  await node.start();
  const sandbox = sandboxIn(pod.path);
  const result = await addAll(node.list, sandbox, node.runner);
  assert.match(JSON.stringify(result), /"10\.88\.0\.\d+\/24"/);
  assert.doesNotMatch(await rules(pod.sh), /ISTIO|:15008/);
  await delAll(node.list, sandbox, node.runner, result);
});

chainTest(
  "a node installs the plugin that captures, and takes it out at its end",
  async () => {
    await using host = await makeTestNetns();
    await using pod = await makeTestNetns();
    await using node = await Node.make(host.name);
    const { folder } = node;
    await Deno.remove(`${folder}/bin/hairpin-cni`);
    const file = `${folder}/net.d/10-lab.conflist`;
    const read = async () => JSON.parse(await Deno.readTextFile(file));
    const foreign = { ...node.list, plugins: node.list.plugins.slice(0, 1) };
    await Deno.writeTextFile(file, JSON.stringify(foreign));
    await node.start(
      `--cni-net-dir=${folder}/net.d`,
      `--cni-bin-dir=${folder}/bin`,
      "--cni-at-end=remove",
    );
    await eventually(
      "the plugin installed",
      async () => (await read()).plugins.length === 2,
    );
    const sandbox = sandboxIn(pod.path);
    const list = await read();
    const result = await addAll(list, sandbox, node.runner);
    assert.match(await rules(pod.sh), /ISTIO_OUTPUT[^]*:15008\b/);
    await delAll(list, sandbox, node.runner, result);
    await node.stop();
    assert.deepEqual(await read(), foreign);
  },
);

chainTest(
  "a pod of the mesh waits for hairpin where a network of its own comes first, whoever wrote the primary anew",
  async () => {
    await using host = await makeTestNetns();
    await using pod = await makeTestNetns();
    await using node = await Node.make(host.name);
    const { folder } = node;
    await Deno.remove(`${folder}/bin/hairpin-cni`);
    const primary = { ...node.list, plugins: node.list.plugins.slice(0, 1) };
    const writePrimary = () =>
      Deno.writeTextFile(
        `${folder}/net.d/10-lab.conflist`,
        JSON.stringify(primary),
      );
    /** What a runtime takes: the first file. */
    const network = async () => {
      const files = await Array.fromAsync(Deno.readDir(`${folder}/net.d`));
      const [first] = files.map(({ name }) => name).sort();
      return JSON.parse(await Deno.readTextFile(`${folder}/net.d/${first}`));
    };
    const flags = [
      `--cni-net-dir=${folder}/net.d`,
      `--cni-bin-dir=${folder}/bin`,
      "--cni-own-conf=02-hairpin.conflist",
    ];
    await writePrimary();
    await node.start(...flags);
    await eventually(
      "the plugin installed",
      async () => (await network()).plugins.length === 2,
    );
    await node.stop();
    await writePrimary();

    const sandbox = sandboxIn(pod.path);
    const early = await addAll(await network(), sandbox, node.runner)
      .catch((e) => e);
    assert.ok(early instanceof CniRunError);
    assert.equal(early.plugin, "hairpin-cni");
    assert.equal(early.reply.json?.code, 11);
    await delAll(await network(), sandbox, node.runner, undefined);
    await node.start(...flags, "--cni-at-end=remove");
    const list = await network();
    const result = await addAll(list, sandbox, node.runner);
    assert.match(await rules(pod.sh), /ISTIO_OUTPUT[^]*:15008\b/);
    await delAll(list, sandbox, node.runner, result);
    await node.stop();
    assert.deepEqual(await network(), primary);
  },
);
