import { stringify } from "yaml";
import {
  OUTSIDER_ADDRESSES,
  podAddresses,
  serviceAddresses,
} from "./addresses.ts";
import {
  type CommandOptions,
  type CommandResult,
  inNamespace,
  LabError,
  must,
  netnsPath,
  run,
} from "./command.ts";
import { guardRun, releaseRun } from "./guard.ts";
import {
  type HairpinOptions,
  type HairpinProcess,
  startHairpin,
} from "./hairpin.ts";
import { LabProcess, type StartOptions } from "./lab_process.ts";
import {
  namespaceManifest,
  podManifest,
  serviceManifest,
} from "./manifests.ts";
import {
  addNode,
  addOutsider,
  addPod,
  addWire,
  removePodPort,
} from "./network.ts";
import {
  type LabNode,
  type LabOptions,
  type LabPod,
  type LabService,
  nodeOf,
  type Place,
  podOf,
  type PodSpec,
  type ServiceSpec,
} from "./places.ts";
import {
  createRun,
  removeRun,
  type Run,
  runPath,
  sweepDeadRuns,
} from "./run_folder.ts";

/**
 * Two (or more) nodes of a cluster on one machine, made of network namespaces:
 *
 *     outsider --+-- wire --+-- node-1 -- pods (10.77.1.0/24, fd77:1::/64)
 *                           +-- node-2 -- pods (10.77.2.0/24, fd77:2::/64)
 *
 * Everything carries the lab's own prefix, so several labs can stand side by
 * side. Disposing it ends its processes and removes its namespaces; after a
 * crash the next lab on the machine does that.
 */
export class Lab implements AsyncDisposable {
  readonly #run: Run;
  readonly #nodes = new Map<string, LabNode>();
  readonly #pods = new Map<string, LabPod>();
  readonly #services = new Map<string, LabService>();
  readonly #namespaces = new Set<string>();
  readonly #processes: { netns: string; process: LabProcess }[] = [];
  #podsMade = 0;

  private constructor(run: Run) {
    this.#run = run;
  }

  /** Clears up after dead labs and builds the nodes, the wire and the outsider. */
  static async create(options: LabOptions = {}): Promise<Lab> {
    sweepDeadRuns();
    const lab = new Lab(createRun());
    guardRun(lab.#run);
    try {
      await lab.#build(options.nodes ?? 2);
      return lab;
    } catch (reason) {
      await lab[Symbol.asyncDispose]();
      throw reason;
    }
  }

  /** What all the lab's network namespaces begin with. */
  get prefix(): string {
    return this.#run.prefix;
  }

  /** A folder of the lab's own that goes away with it. */
  get folder(): string {
    return runPath(this.#run);
  }

  /** The folder of manifests: hairpin's `--config`. */
  get configFolder(): string {
    return `${this.folder}/config`;
  }

  /** The embedded certificate authority that all hairpins of the lab share: `--ca-dir`. */
  get caFolder(): string {
    return `${this.folder}/ca`;
  }

  /** The bridge between the nodes, where a capture sees all that leaves a node. */
  get wire(): Place {
    return this.#place("wire");
  }

  /** A client on the wire, outside the mesh. */
  get outsider(): Place & { readonly ips: readonly string[] } {
    return { ...this.#place("outsider"), ips: OUTSIDER_ADDRESSES };
  }

  get nodes(): readonly LabNode[] {
    return [...this.#nodes.values()];
  }

  get pods(): readonly LabPod[] {
    return [...this.#pods.values()];
  }

  get services(): readonly LabService[] {
    return [...this.#services.values()];
  }

  /** @throws {LabError} when there is none of that name. */
  node(name: string): LabNode {
    return found(this.#nodes.get(name), "node", name);
  }

  /** @param name `NAME`, or `NAMESPACE/NAME` outside namespace default. */
  pod(name: string): LabPod {
    return found(this.#pods.get(qualified(name)), "pod", name);
  }

  /** @param name as for `pod()`. */
  service(name: string): LabService {
    return found(this.#services.get(qualified(name)), "service", name);
  }

  /** Adds a Namespace object. Default labels: enrolled in the ambient mesh. */
  async addNamespace(
    name: string,
    labels: Readonly<Record<string, string>> = {
      "istio.io/dataplane-mode": "ambient",
    },
  ): Promise<void> {
    this.#namespaces.add(name);
    await this.apply(`namespace-${name}`, namespaceManifest(name, labels));
  }

  /** Adds a pod: its network namespace, its link to its node, its manifest. */
  async addPod(spec: PodSpec): Promise<LabPod> {
    const node = this.node(spec.node);
    const ordinal = this.#podsMade++;
    const namespace = spec.namespace ?? "default";
    const place = this.#place(`${spec.name}.${namespace}`);
    const pod = podOf(spec, place, ordinal, podAddresses(node.number, ordinal));
    await addPod(pod.netns, node.netns, node.number, ordinal);
    if (!this.#namespaces.has(namespace)) await this.addNamespace(namespace);
    await this.applyPod(pod);
    return pod;
  }

  /** Writes a pod's manifest again, with other labels, readiness or annotations. */
  async applyPod(pod: LabPod): Promise<void> {
    this.#pods.set(`${pod.namespace}/${pod.name}`, pod);
    const enrolment = { "hairpin.dev/netns": netnsPath(pod.netns) };
    const annotations = { ...enrolment, ...pod.annotations };
    const facts = { ...pod, nodeName: pod.node, annotations };
    await this.apply(`pod-${pod.namespace}-${pod.name}`, podManifest(facts));
  }

  /** Removes a pod: its manifest, its programs, its link and its network namespace. */
  async removePod(pod: LabPod): Promise<void> {
    this.#pods.delete(`${pod.namespace}/${pod.name}`);
    await this.delete(`pod-${pod.namespace}-${pod.name}`);
    await this.#stopProcesses((netns) => netns === pod.netns);
    await removePodPort(this.node(pod.node).netns, pod.ordinal);
    await must(["ip", "netns", "delete", pod.netns]);
  }

  /** Adds a Service object with an address that only a mesh can reach. */
  async addService(spec: ServiceSpec): Promise<LabService> {
    const namespace = spec.namespace ?? "default";
    const vips = serviceAddresses(this.#services.size);
    const service = { ...spec, namespace, labels: spec.labels ?? {}, vips };
    await this.applyService(service);
    return service;
  }

  /** Writes a service's manifest again, with other labels or ports. */
  async applyService(service: LabService): Promise<void> {
    const { namespace, name, vips } = service;
    this.#services.set(`${namespace}/${name}`, service);
    const manifest = serviceManifest({ ...service, clusterIPs: vips });
    await this.apply(`service-${namespace}-${name}`, manifest);
  }

  /** Writes one file of the configuration: YAML text or an object. Replaced as a whole, never half. */
  async apply(name: string, manifest: string | object): Promise<void> {
    const text = typeof manifest === "string" ? manifest : stringify(manifest);
    const draft = `${this.folder}/${name}.draft`;
    await Deno.writeTextFile(draft, text);
    await Deno.rename(draft, `${this.configFolder}/${name}.yaml`);
  }

  /** Removes one file of the configuration. */
  async delete(name: string): Promise<void> {
    await Deno.remove(`${this.configFolder}/${name}.yaml`);
  }

  /** Runs a program to its end at that place. */
  exec(
    place: Place,
    command: readonly string[],
    options: CommandOptions = {},
  ): Promise<CommandResult> {
    return run(inNamespace(place.netns, command), options);
  }

  /** Starts a program at that place; it ends with the lab at the latest. */
  start(
    place: Place,
    name: string,
    command: readonly string[],
    options: StartOptions = {},
  ): LabProcess {
    const process = LabProcess.start(
      this.#run,
      name,
      inNamespace(place.netns, command),
      options,
    );
    this.#processes.push({ netns: place.netns, process });
    return process;
  }

  /** Starts hairpin at a node (node mode) or in a pod (waypoint mode) and waits until it is ready. */
  startHairpin(
    place: LabNode | LabPod,
    options: HairpinOptions = {},
  ): Promise<HairpinProcess> {
    return startHairpin(this, place, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stopProcesses(() => true);
    removeRun(this.#run);
    releaseRun(this.#run);
  }

  async #stopProcesses(at: (netns: string) => boolean): Promise<void> {
    const chosen = this.#processes.filter(({ netns }) => at(netns));
    await Promise.all(chosen.map(({ process }) => process.stop()));
  }

  async #build(nodeCount: number): Promise<void> {
    await Deno.mkdir(this.configFolder);
    await Deno.mkdir(this.caFolder);
    const wire = this.wire.netns;
    await addWire(wire);
    for (let number = 1; number <= nodeCount; number++) {
      const node = nodeOf(number, this.#place(`node-${number}`));
      await addNode(node.netns, wire, number, nodeCount);
      this.#nodes.set(node.name, node);
    }
    await addOutsider(this.outsider.netns, wire, nodeCount);
  }

  #place(name: string): Place {
    return { netns: `${this.prefix}-${name}` };
  }
}

function found<T>(value: T | undefined, kind: string, name: string): T {
  if (value === undefined) {
    throw new LabError(`Cannot find ${kind} "${name}": not in this lab`);
  }
  return value;
}

function qualified(name: string): string {
  return name.includes("/") ? name : `default/${name}`;
}
