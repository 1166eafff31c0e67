/**
 * Two networks with a gateway between them, and proxies of both kinds in each:
 *
 *     node-1  hairpin   sleep-h           network ""
 *     node-2  ztunnel   sleep-z           network ""
 *     node-3  hairpin   web-h             network "remote"
 *     node-4  ztunnel   web-z             network "remote"
 *     node-5  a gateway of the test's own, in its own pod
 *
 * Without ztunnel there are hairpin's nodes and the gateway's.
 */
import { stringify } from "yaml";
import { redirect } from "../bench/ztunnel_proxies.ts";
import {
  type HairpinProcess,
  Lab,
  type LabPod,
  type LabProcess,
  startEchoServer,
  startHttpServer,
} from "../lab/mod.ts";
import {
  HBONE_PORT,
  issue,
  program,
  writeCertificate,
} from "./security_support.ts";
import {
  type Kind,
  startStaticProxy,
  staticWorkload,
} from "./static_proxies.ts";
import { ECHO_PORT, HTTP_PORT } from "./support.ts";

export const REMOTE = "remote";

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
    const { lab, options: { ztunnel } } = this;
    const mesh = this.#meshAt(network);
    const at = { node, kind, mesh, network, ztunnel };
    this.#proxies.set(node, await startStaticProxy(lab, at));
  }

  /** What a proxy of that network is told, in ztunnel's format. */
  #meshAt(network: string): string {
    const remote = network === REMOTE;
    const clients = this.#present(CLIENTS).map(({ name }) =>
      staticWorkload(this.lab.pod(name), network)
    );
    const servers = this.#present(SERVERS).map(({ name, kind }) => ({
      ...staticWorkload(this.lab.pod(name), REMOTE),
      services: { [`default/${hostOf(kind)}`]: PORTS },
      ...(remote ? {} : {
        workloadIps: [],
        networkGateway: {
          destination: `${REMOTE}/${this.gatewayPod.ips[0]}`,
          hboneMtlsPort: HBONE_PORT,
        },
      }),
    }));
    const gateway = staticWorkload(this.gatewayPod, REMOTE);
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

// A Map, because ztunnel wants its keys as YAML numbers and not as text.
const PORTS = new Map([[HTTP_PORT, HTTP_PORT], [ECHO_PORT, ECHO_PORT]]);

/** The SPIFFE ID of a pod of that name. */
export const idOf = (name: string): string =>
  `spiffe://cluster.local/ns/default/sa/${name}`;
