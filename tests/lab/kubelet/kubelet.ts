import { V8_FLAGS } from "../../../scripts/v8_flags.ts";
import type { Manifest } from "../../support/manifests.ts";
import { inNamespace, must, run } from "../command.ts";
import type { ControlPlane } from "../control_plane/mod.ts";
import { HairpinProcess } from "../hairpin.ts";
import type { Lab } from "../lab.ts";
import type { LabNode, LabPod } from "../places.ts";
import { dropRights, enterRoot, type Mount } from "./root.ts";
import {
  argumentsOf,
  environmentOf,
  type PodTemplate,
  probeUrl,
  templateIn,
} from "./template.ts";
import { makeAccount, makeVolume, type VolumeOwner } from "./volumes.ts";

/** Where pods find their account at the Kubernetes API. */
const ACCOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";
/** From a cold start with its modules still to be compiled, on a machine that is busy. */
const READY_WAIT_MS = 60_000;
const POLL_MS = 100;
const REPOSITORY = new URL("../../..", import.meta.url).pathname;

/** A pod that a manifest's owner made at one node. */
interface Scheduled {
  readonly name: string;
  readonly namespace: string;
  readonly template: PodTemplate;
  /** Its network namespace, or its node's. */
  readonly place: LabNode | LabPod;
}

/**
 * What a cluster does with a DaemonSet or a Deployment at one node, done here:
 * it makes the pod's object, volumes, environment and rights from the template,
 * leads the addresses of services to their servers, runs the container's
 * arguments in a root of its own, and probes.
 */
export class Kubelet {
  readonly #lab: Lab;
  readonly #plane: ControlPlane;
  readonly #hosts: string[] = [];

  private constructor(lab: Lab, plane: ControlPlane, readonly node: LabNode) {
    this.#lab = lab;
    this.#plane = plane;
  }

  /** @param istiod Whether there is one. */
  static async start(
    lab: Lab,
    plane: ControlPlane,
    { node, istiod }: { readonly node: LabNode; readonly istiod: boolean },
  ): Promise<Kubelet> {
    const kubelet = new Kubelet(lab, plane, node);
    await kubelet.#lead(API_ADDRESS, new URL(plane.api.url));
    if (istiod) {
      const ip = await istiodAddress(plane);
      await kubelet.#lead(`${ip}:15012`, new URL(plane.istiod.url));
      kubelet.#hosts.push(`${ip} istiod.istio-system.svc`);
    }
    await Deno.mkdir(kubelet.hostPath("/proc"), { recursive: true });
    return kubelet;
  }

  /** Where a path of the node, which it does not share with others, is on this machine. */
  hostPath(path: string): string {
    // iproute2 keeps the lab's namespaces there, as a runtime keeps a node's.
    if (path === "/var/run/netns") return "/run/netns";
    return `${this.#lab.folder}/files-${this.node.name}${path}`;
  }

  /** Runs a pod of the only owner among the objects of a manifest, and waits until its probe succeeds. */
  async runPod(objects: readonly Manifest[]): Promise<HairpinProcess> {
    const pod = await this.#schedule(objects);
    await this.#report(pod, false);
    const command = await this.#command(pod);
    const process = this.#lab.start(pod.place, pod.name, command);
    const { hostNetwork = false } = pod.template.spec;
    const hairpin = new HairpinProcess(pod.place, process, hostNetwork);
    await this.#untilReady(hairpin, pod);
    await this.#report(pod, true);
    return hairpin;
  }

  /** Runs a process in a pod, and shows in the node's `/proc` whose it is. */
  async runProcess(pod: LabPod): Promise<void> {
    const command = ["sleep", "infinity"];
    const { pid } = this.#lab.start(pod, `app-${pod.name}`, command);
    const folder = this.hostPath(`/proc/${pid}`);
    await Deno.mkdir(`${folder}/ns`, { recursive: true });
    const cgroup = `0::/kubepods/pod${pod.uid}/${"a".repeat(64)}\n`;
    await Deno.writeTextFile(`${folder}/cgroup`, cgroup);
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    await Deno.writeTextFile(`${folder}/stat`, stat);
    await Deno.symlink(`/proc/${pid}/ns/net`, `${folder}/ns/net`);
  }

  /** The command that runs a program as the node's container runtime does: with the node's files where it has them. */
  async onNode(paths: readonly string[]): Promise<string[]> {
    const program = await findProgram();
    const folder = this.#emptyFolder("runtime/root");
    const mounts = paths.map((to) =>
      ({ from: this.hostPath(to), to, readOnly: false }) as const
    );
    const root = enterRoot({
      folder,
      mounts: [...mounts, ...program.mounts],
      kept: [...program.kept, this.#lab.folder, "/run/netns"],
      hosts: [],
      readOnly: false,
    });
    const env = Object.entries(program.env).map((pair) => pair.join("="));
    return inNamespace(this.node.netns, [...root, "env", ...env]);
  }

  /** As kube-proxy leads a service's address to its endpoint. */
  async #lead(address: string, to: URL): Promise<void> {
    const [ip = "", port = ""] = address.split(":");
    // Nothing is sent, and so nothing led, to where no route goes.
    const route = ["ip", "route", "replace", ip, "via", to.hostname];
    await must(inNamespace(this.node.netns, route));
    for (const chain of ["PREROUTING", "OUTPUT"]) {
      await must(inNamespace(this.node.netns, [
        ...["iptables", "-w", "-t", "nat", "-A", chain, "-d", ip, "-p", "tcp"],
        ...["--dport", port, "-j", "DNAT", "--to-destination", to.host],
      ]));
    }
  }

  async #schedule(objects: readonly Manifest[]): Promise<Scheduled> {
    const { owner, template } = templateIn(objects);
    const { namespace = "default" } = owner.metadata;
    const name = `${owner.metadata.name}-${this.node.name}`;
    const place = template.spec.hostNetwork
      ? this.node
      : await this.#lab.addPod({
        ...{ name, namespace, node: this.node.name },
        labels: template.metadata.labels,
      });
    return { name, namespace, template, place };
  }

  /** Shows the pod in the cluster. */
  #report(pod: Scheduled, ready: boolean): Promise<void> {
    const { name, namespace, template: { metadata, spec }, place } = pod;
    return this.#plane.apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { ...metadata, name, namespace },
      spec: { ...spec, nodeName: this.node.name },
      status: {
        phase: "Running",
        podIP: place.ips[0],
        podIPs: place.ips.map((ip) => ({ ip })),
        conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
      },
    });
  }

  async #command(pod: Scheduled): Promise<string[]> {
    const { name, namespace, template: { spec }, place } = pod;
    const [container] = spec.containers;
    const env = environmentOf(container, {
      "metadata.name": name,
      "metadata.namespace": namespace,
      "spec.nodeName": this.node.name,
      "spec.serviceAccountName": spec.serviceAccountName,
      "status.podIP": place.ips[0]!,
    });
    const program = await findProgram();
    const root = enterRoot({
      folder: this.#emptyFolder(`${name}/root`),
      mounts: [...await this.#mounts(pod), ...program.mounts],
      kept: program.kept,
      hosts: this.#hosts,
      readOnly: container.securityContext.readOnlyRootFilesystem,
    });
    const [host = "", port = ""] = API_ADDRESS.split(":");
    const all = {
      ...{ KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port },
      ...program.env,
      ...env,
    };
    return [
      ...root,
      ...dropRights(container),
      ...["env", "-i"],
      ...Object.entries(all).map(([name, value]) => `${name}=${value}`),
      ...program.command,
      ...argumentsOf(container, all),
    ];
  }

  /** Makes the pod's volumes. @returns where the container has them. */
  async #mounts(pod: Scheduled): Promise<Mount[]> {
    const { name, namespace, template: { spec } } = pod;
    const owner: VolumeOwner = {
      ...{ plane: this.#plane, namespace, pod: name },
      serviceAccount: spec.serviceAccountName,
      hostPath: (path) => this.hostPath(path),
    };
    const paths = new Map<string, string>();
    for (const volume of spec.volumes) {
      const folder = this.#emptyFolder(`${name}/${volume.name}`);
      paths.set(volume.name, await makeVolume(volume, folder, owner));
    }
    const mounts = spec.containers[0].volumeMounts.map((mount) => ({
      from: paths.get(mount.name) ?? "",
      to: mount.mountPath,
      readOnly: mount.readOnly ?? false,
      propagates: mount.mountPropagation === "HostToContainer",
    }));
    if (spec.automountServiceAccountToken === false) return mounts;
    const account = this.#emptyFolder(`${name}/account`);
    await makeAccount(account, owner);
    return [...mounts, { from: account, to: ACCOUNT_PATH, readOnly: true }];
  }

  /** Probes as the kubelet does: from the node, at the pod's address. */
  async #untilReady(
    { process }: HairpinProcess,
    { template, place }: Scheduled,
  ): Promise<void> {
    const url = probeUrl(template.spec.containers[0], place.ips[0]!);
    const probe = ["curl", "-sf", "--max-time", "1", url];
    const deadline = performance.now() + READY_WAIT_MS;
    while ((await run(inNamespace(this.node.netns, probe))).code !== 0) {
      if (!process.running) throw process.failure("it ended, awaited: ready");
      if (performance.now() > deadline) throw process.failure("never ready");
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  #emptyFolder(name: string): string {
    const path = `${this.#lab.folder}/kubelet-${this.node.name}/${name}`;
    Deno.mkdirSync(path, { recursive: true });
    return path;
  }
}

/** The Kubernetes API's own Service: the first address of the range. */
const API_ADDRESS = "10.96.0.1:443";

async function istiodAddress(plane: ControlPlane): Promise<string> {
  await plane.apply({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "istiod", namespace: "istio-system" },
    spec: { ports: [{ name: "https-dns", port: 15012 }] },
  });
  const { spec } = await plane.get<{ spec: { clusterIP: string } }>(
    "service",
    "istiod",
    "istio-system",
  );
  return spec.clusterIP;
}

/** What stands for the image: a binary that HAIRPIN_LAB_PROGRAM names, or the source. */
async function findProgram() {
  const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  const binary = Deno.env.get("HAIRPIN_LAB_PROGRAM");
  if (binary) {
    const env = { PATH: path };
    return { command: [binary], env, kept: [binary], mounts: [] };
  }
  const deno = Deno.execPath();
  const { denoDir } = JSON.parse(await must([deno, "info", "--json"]));
  const config = ["--config", `${REPOSITORY}deno.json`];
  return {
    command: [deno, "run", "-P", V8_FLAGS, ...config, `${REPOSITORY}main.ts`],
    env: { PATH: path, DENO_DIR: "/deno" },
    kept: [deno, REPOSITORY],
    mounts: [{ from: denoDir as string, to: "/deno", readOnly: true }],
  };
}
