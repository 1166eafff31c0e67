/**
 * Two networks with a gateway between them, and proxies of both kinds in each:
 *
 *     node-1  hairpin   sleep-h           network ""
 *     node-2  ztunnel   sleep-z           network ""
 *     node-3  hairpin   web-h             network "remote"
 *     node-4  ztunnel   web-z             network "remote"
 *     node-5  a gateway of the test's own, in its own pod
 *
 * State comes from ztunnel's local file and pods from a node agent of the
 * test's, for both kinds alike; certificates come from the lab's authority.
 * Without ztunnel there are hairpin's nodes and the gateway's.
 */
import { stringify } from "yaml";
import { handover, redirect } from "../bench/ztunnel_proxies.ts";
import {
  HairpinProcess,
  Lab,
  type LabPod,
  type LabProcess,
  startEchoServer,
  startHttpServer,
} from "../lab/mod.ts";
import { startZtunnel } from "../lab/ztunnel.ts";
import {
  HBONE_PORT,
  issue,
  program,
  writeCertificate,
} from "./security_support.ts";
import { ECHO_PORT, HTTP_PORT } from "./support.ts";

export type Kind = "hairpin" | "ztunnel";
export const REMOTE = "remote";
const CA_PORT = 15_012;

interface Placed {
  readonly name: string;
  readonly node: string;
  readonly kind: Kind;
}

const CLIENTS: readonly Placed[] = [
  { name: "sleep-h", node: "node-1", kind: "hairpin" },
  { name: "sleep-z", node: "node-2", kind: "ztunnel" },
];
const SERVERS: readonly Placed[] = [
  { name: "web-h", node: "node-3", kind: "hairpin" },
  { name: "web-z", node: "node-4", kind: "ztunnel" },
];
/** Of the servers' services, in both networks. */
export const VIPS: Readonly<Record<Kind, string>> = {
  hairpin: "10.96.0.11",
  ztunnel: "10.96.0.12",
};
export const hostOf = (kind: Kind): string =>
  `web-${kind.charAt(0)}.default.svc.cluster.local`;

export interface TwoNetworksOptions {
  /** Path of the program; undefined: without it. */
  readonly ztunnel: string | undefined;
  /** Whom the gateway's certificate is for. Default: the gateway. */
  readonly gatewayIs?: string;
  /** Whom services vouch for. Default: each for its own server. */
  readonly vouched?: string;
}

export class TwoNetworks implements AsyncDisposable {
  readonly #proxies = new Map<string, HairpinProcess>();
  #gateway: LabProcess | undefined;

  private constructor(
    readonly lab: Lab,
    readonly options: TwoNetworksOptions,
  ) {}

  static async start(options: TwoNetworksOptions): Promise<TwoNetworks> {
    const lab = await Lab.create({ nodes: 5 });
    const networks = new TwoNetworks(lab, options);
    try {
      await networks.#build();
      return networks;
    } catch (reason) {
      await lab[Symbol.asyncDispose]();
      throw reason;
    }
  }

  client(kind: Kind): LabPod {
    return this.lab.pod(`sleep-${kind.charAt(0)}`);
  }

  server(kind: Kind): LabPod {
    return this.lab.pod(`web-${kind.charAt(0)}`);
  }

  get gatewayPod(): LabPod {
    return this.lab.pod("gw");
  }

  /** The proxy of a pod. Both kinds have ztunnel's endpoints and log. */
  proxyOf({ node }: LabPod): HairpinProcess {
    const proxy = this.#proxies.get(node);
    if (proxy === undefined) throw new Error(`no proxy at ${node}`);
    return proxy;
  }

  /** The headers of what the gateway was asked for so far. */
  get asked(): readonly Readonly<Record<string, string>>[] {
    const lines = this.#gateway?.log().split("\n") ?? [];
    return lines.filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab[Symbol.asyncDispose]();
  }

  #present(placed: readonly Placed[]): readonly Placed[] {
    const { ztunnel } = this.options;
    return placed.filter(({ kind }) =>
      kind === "hairpin" || ztunnel !== undefined
    );
  }

  async #build(): Promise<void> {
    const { lab } = this;
    await lab.addPod({ name: "gw", node: "node-5" });
    for (const { name, node } of this.#present([...CLIENTS, ...SERVERS])) {
      await redirect(await lab.addPod({ name, node }));
    }
    await this.#startGateway();
    await Promise.all([
      ...this.#present(CLIENTS).map((at) => this.#startProxy(at, "")),
      ...this.#present(SERVERS).map((at) => this.#startProxy(at, REMOTE)),
    ]);
    for (const { name } of this.#present(SERVERS)) {
      await startHttpServer(lab, lab.pod(name), HTTP_PORT);
      await startEchoServer(lab, lab.pod(name), ECHO_PORT);
    }
  }

  async #startGateway(): Promise<void> {
    const { lab, options: { gatewayIs: serviceAccount = "gw" } } = this;
    const certificate = await issue(lab, { serviceAccount });
    const { key, chain, roots } = await writeCertificate(lab, certificate);
    const hosts = this.#present(SERVERS).map(({ name, kind }) => [
      hostOf(kind),
      lab.pod(name).ips[0],
    ]);
    this.#gateway = lab.start(
      this.gatewayPod,
      "network-gateway",
      program(
        "network_gateway",
        ...[`${HBONE_PORT}`, key, chain, roots],
        JSON.stringify(Object.fromEntries(hosts)),
      ),
    );
    await this.#gateway.untilLog(/listening/);
  }

  async #startProxy({ node, kind }: Placed, network: string): Promise<void> {
    const path = `${this.lab.folder}/mesh-${node}.yaml`;
    await Deno.writeTextFile(path, this.#meshAt(network));
    const proxy = kind === "hairpin"
      ? await this.#startHairpin(node, path, network)
      : await this.#startZtunnel(node, path, network);
    this.#proxies.set(node, proxy);
  }

  async #startHairpin(
    node: string,
    path: string,
    network: string,
  ): Promise<HairpinProcess> {
    const { lab } = this;
    const objects = `${lab.folder}/objects.yaml`;
    await Deno.writeTextFile(objects, stringify(NAMESPACE));
    const socket = `${lab.folder}/zds-${node}.sock`;
    const agent = await handover(socket, podsAt(lab, node));
    const hairpin = await lab.startHairpin(lab.node(node), {
      redirect: "agent",
      flags: [
        "--config",
        objects,
        "--local-xds",
        path,
        "--inpod-uds",
        socket,
      ],
      env: { NETWORK: network },
    });
    hairpin.process.ended.then(() => agent[Symbol.asyncDispose]());
    for (const pod of podsAt(lab, node)) await hairpin.untilPodUp(pod);
    return hairpin;
  }

  async #startZtunnel(
    node: string,
    path: string,
    network: string,
  ): Promise<HairpinProcess> {
    const { lab, options: { ztunnel = "" } } = this;
    const root = `${lab.caFolder}/root-cert.pem`;
    const authority = lab.start(lab.node(node), `ca-${node}`, [
      ...[Deno.execPath(), "run", "-A", SIGNING_CA],
      ...[`${CA_PORT}`, root, `${lab.caFolder}/ca-key.pem`],
    ]);
    await authority.untilLog(/listening/);
    const token = `${lab.folder}/token`;
    await Deno.writeTextFile(token, "token");
    const process = await startZtunnel(lab, lab.node(node), {
      program: ztunnel,
      workers: 1,
      handover,
      env: {
        FAKE_CA: undefined,
        CA_ADDRESS: `https://localhost:${CA_PORT}`,
        CA_ROOT_CA: root,
        AUTH_TOKEN: token,
        LOCAL_XDS_PATH: path,
        NETWORK: network,
      },
    });
    return new HairpinProcess(lab.node(node), process, false);
  }

  /** What a proxy of that network is told, in ztunnel's format. */
  #meshAt(network: string): string {
    const remote = network === REMOTE;
    const clients = this.#present(CLIENTS).map(({ name }) =>
      workloadOf(this.lab.pod(name), network)
    );
    const servers = this.#present(SERVERS).map(({ name, kind }) => ({
      ...workloadOf(this.lab.pod(name), REMOTE),
      services: { [`default/${hostOf(kind)}`]: PORTS },
      ...(remote ? {} : {
        workloadIps: [],
        networkGateway: {
          destination: `${REMOTE}/${this.gatewayPod.ips[0]}`,
          hboneMtlsPort: HBONE_PORT,
        },
      }),
    }));
    const gateway = workloadOf(this.gatewayPod, REMOTE);
    return stringify({
      workloads: [...(remote ? [] : clients), gateway, ...servers],
      services: this.#present(SERVERS).map(({ name, kind }) => ({
        name,
        namespace: "default",
        hostname: hostOf(kind),
        vips: [`${network}/${VIPS[kind]}`],
        ports: PORTS,
        subjectAltNames: [this.options.vouched ?? idOf(name)],
      })),
    });
  }
}

/** There has to be one object. */
const NAMESPACE = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "default" },
};

const SIGNING_CA =
  new URL("./programs/signing_ca.ts", import.meta.url).pathname;

// A Map, because ztunnel wants its keys as YAML numbers and not as text.
const PORTS = new Map([[HTTP_PORT, HTTP_PORT], [ECHO_PORT, ECHO_PORT]]);

/** The SPIFFE ID of a pod of that name. */
export const idOf = (name: string): string =>
  `spiffe://cluster.local/ns/default/sa/${name}`;

const podsAt = (lab: Lab, node: string): LabPod[] =>
  lab.pods.filter((pod) => pod.node === node);

const workloadOf = (pod: LabPod, network: string) => ({
  uid: `Kubernetes//Pod/default/${pod.name}`,
  name: pod.name,
  namespace: "default",
  serviceAccount: pod.serviceAccount,
  trustDomain: "cluster.local",
  workloadIps: pod.ips,
  network,
  node: pod.node,
  protocol: "HBONE",
  status: "Healthy",
  clusterId: network === REMOTE ? "cluster-2" : "Kubernetes",
  workloadName: pod.name,
  workloadType: "deployment",
  canonicalName: pod.name,
  services: {},
});
