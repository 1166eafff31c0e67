/**
 * A cluster on which hairpin's manifests run as they are:
 *
 *     node-1  sleep       a client
 *     node-2  httpbin     nginx on 8000
 *             outsider    the Kubernetes API and, where wanted, istiod
 */
import assert from "node:assert/strict";
import { addAll, type PluginConf } from "../lab/cni/runner.ts";
import {
  ControlPlane,
  controlPlaneSkipReason,
} from "../lab/control_plane/mod.ts";
import { Kubelet } from "../lab/kubelet/mod.ts";
import {
  flowsOf,
  greetingOf,
  type HairpinProcess,
  inNamespace,
  isTls,
  Lab,
  type LabPod,
  labSkipReason,
  must,
  startHttpServer,
  WireCapture,
} from "../lab/mod.ts";
import { type Manifest, MANIFESTS } from "../support/manifests.ts";
import { type Call, call, identityOf } from "./calls.ts";
import { manifestsIn } from "./manifest_rights.ts";
import { eventually, HTTP_PORT } from "./support.ts";

/** Why no such cluster can be built here; undefined when one can. */
export const manifestSkipReason = async (): Promise<string | undefined> =>
  await labSkipReason() ?? await controlPlaneSkipReason();

export class ManifestCluster implements AsyncDisposable {
  readonly #proxies = new Map<string, HairpinProcess>();

  private constructor(
    readonly lab: Lab,
    readonly plane: ControlPlane,
    readonly kubelets: readonly Kubelet[],
  ) {}

  /** Nodes and their API, none of hairpin's. @param istiod Whether there is one. */
  static async start(istiod: boolean): Promise<ManifestCluster> {
    const lab = await Lab.create();
    try {
      const plane = await ControlPlane.start({ lab, istiod });
      await plane.addNamespace("default", {});
      const kubelets: Kubelet[] = [];
      for (const node of lab.nodes) {
        const metadata = { name: node.name };
        await plane.apply({ apiVersion: "v1", kind: "Node", metadata });
        const kubelet = await Kubelet.start(lab, plane, { node, istiod });
        await writeNetwork(kubelet);
        kubelets.push(kubelet);
      }
      return new ManifestCluster(lab, plane, kubelets);
    } catch (reason) {
      await lab[Symbol.asyncDispose]();
      throw reason;
    }
  }

  /** `kubectl apply -k`. @returns what was applied. */
  async apply(folder: string): Promise<readonly Manifest[]> {
    await this.plane.kubectl(["apply", "-k", `${MANIFESTS}/${folder}`]);
    return await manifestsIn(this.plane, folder);
  }

  /** The DaemonSet's pod at every node. */
  async runDaemonSet(objects: readonly Manifest[]): Promise<void> {
    await Promise.all(this.kubelets.map(async (kubelet) => {
      this.#proxies.set(kubelet.node.name, await kubelet.runPod(objects));
    }));
  }

  kubelet(node: string): Kubelet {
    return this.kubelets.find((kubelet) => kubelet.node.name === node)!;
  }

  proxy(node: string): HairpinProcess {
    return this.#proxies.get(node)!;
  }

  /** A pod in the lab and in the cluster, not enrolled by anybody. */
  async addPod(name: string, node: string): Promise<LabPod> {
    const pod = await this.lab.addPod({ name, node });
    await this.plane.addPod({ name, node, ips: pod.ips, annotations: {} });
    const { metadata: { uid } } = await this.plane.get<
      { metadata: { uid: string } }
    >("pod", name);
    const made = { ...pod, uid };
    await this.kubelet(node).runProcess(made);
    if (name === "httpbin") await startHttpServer(this.lab, pod, HTTP_PORT);
    return made;
  }

  /** Makes an authority without Istio, as the pages say, and its Secret where nodes and waypoints look for it. */
  async makeAuthority(): Promise<void> {
    const [root, key] = ["root-cert.pem", "ca-key.pem"]
      .map((name) => `${this.lab.folder}/${name}`) as [string, string];
    await must([
      ...["openssl", "req", "-x509", "-newkey", "ec", "-nodes"],
      ...["-pkeyopt", "ec_paramgen_curve:P-256", "-days", "3650"],
      ...["-subj", "/O=cluster.local", "-keyout", key, "-out", root],
    ]);
    for (const namespace of ["istio-system", "default"]) {
      await this.plane.kubectl([
        ...["-n", namespace, "create", "secret", "generic", "hairpin-ca"],
        ...[`--from-file=${root}`, `--from-file=${key}`],
      ]);
    }
  }

  /** Puts namespace default into the mesh. */
  async labelNamespace(): Promise<void> {
    const label = "istio.io/dataplane-mode=ambient";
    await this.plane.kubectl(["label", "namespace", "default", label]);
  }

  get(from: LabPod, host: string, path = "/"): Promise<Call> {
    const url = `http://${host}:${HTTP_PORT}${path}`;
    return call(this.lab, from, url, ["--max-time", "10"]);
  }

  /** Sleep asks httpbin: it is answered, under both identities, and all between them is TLS. */
  async assertEncrypted(sleep: LabPod, httpbin: LabPod): Promise<void> {
    const [address = ""] = httpbin.ips;
    const isHbone = (row: { name: string; protocol: string }) =>
      row.name === httpbin.name && row.protocol === "HBONE";
    await this.proxy(sleep.node).untilDump(
      "httpbin in the mesh",
      ({ workloads }) => workloads.some(isHbone),
    );
    const capture = await WireCapture.start(this.lab);
    const { body } = await this.get(sleep, address);
    assert.equal(body, `${greetingOf(httpbin)}\n`);
    const { fields } = await this.proxy(httpbin.node).untilAccess(
      "the request",
      (line) => line.fields["direction"] === "inbound",
    );
    assert.equal(fields["src.identity"], identityOf(sleep));
    assert.equal(fields["dst.identity"], identityOf(httpbin));
    const flows = flowsOf(await capture.stop()).filter(({ from, to }) =>
      [from, to].some((end) => end.startsWith(`${address}:`))
    );
    assert.ok(flows.length > 0);
    assert.deepEqual(flows.filter((flow) => !isTls(flow)), []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.plane[Symbol.asyncDispose]();
    await this.lab[Symbol.asyncDispose]();
  }
}

interface Network {
  readonly cniVersion: string;
  readonly name: string;
  readonly plugins: readonly PluginConf[];
}

/** What hairpin puts its plugin behind. */
const NETWORK: Network = {
  cniVersion: "1.0.0",
  name: "lab",
  plugins: [{ type: "bridge" }],
};
const NETWORK_PATH = "/etc/cni/net.d/10-lab.conflist";

async function writeNetwork(kubelet: Kubelet): Promise<void> {
  const path = kubelet.hostPath(NETWORK_PATH);
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(path, JSON.stringify(NETWORK));
}

/** The node's runtime runs hairpin's plugin for a new pod, whose link the lab has made; the pod has its rules then. */
export async function startInChain(
  kubelet: Kubelet,
  pod: LabPod,
): Promise<void> {
  const read = async (): Promise<Network> =>
    JSON.parse(await Deno.readTextFile(kubelet.hostPath(NETWORK_PATH)));
  await eventually(
    "the plugin installed",
    async () => (await read()).plugins.length === NETWORK.plugins.length + 1,
  );
  const network = await read();
  const netns = `/var/run/netns/${pod.netns}`;
  const prevResult = {
    cniVersion: network.cniVersion,
    interfaces: [{ name: "eth0", sandbox: netns }],
    ips: [{ address: `${pod.ips[0]}/24`, interface: 0 }],
  };
  const plugins = network.plugins.slice(1).map((own) => ({
    ...own,
    prevResult,
  }));
  const { name: podName, namespace: podNamespace } = pod;
  const containerId = crypto.randomUUID();
  await addAll(
    { ...network, plugins },
    { containerId, netns, podName, podNamespace },
    {
      prefix: await kubelet.onNode(["/var/run/hairpin"]),
      path: [kubelet.hostPath("/opt/cni/bin")],
    },
  );
  const rules = await must(inNamespace(pod.netns, ["iptables-save"]));
  assert.match(rules, /-A ISTIO_OUTPUT .*--to-ports 15001/);
}
