/**
 * One mesh of two proxies, under one istiod and with Istio's own node agents:
 *
 *     node-1  hairpin   pods sleep-h, httpbin-h
 *     node-2  ztunnel   pods sleep-z, httpbin-z
 *             outsider  the control plane; a client outside the mesh
 *
 * Every pod has nginx on 8000 and a TCP echo server on 9000; every server has
 * a service of its name, with addresses of both families.
 */
import {
  HairpinProcess,
  type Lab,
  type LabPod,
  type Place,
  startEchoServer,
} from "../lab/mod.ts";
import { type ControlPlane, testTools } from "../lab/control_plane/mod.ts";
import { nodeAgentSkipReason } from "../lab/node_agent/mod.ts";
import { findZtunnel, startZtunnel } from "../lab/ztunnel.ts";
import { AgentMesh, startAsZtunnel } from "./agent_support.ts";
import { type Call, call } from "./calls.ts";
import { isAnswered } from "./policy_support.ts";
import { program } from "./security_support.ts";
import { Streams, STREAMS_COUNT } from "./streams.ts";
import { ECHO_PORT, eventually, HTTP_PORT } from "./support.ts";

export type Kind = "hairpin" | "ztunnel";

export const NODES = { hairpin: "node-1", ztunnel: "node-2" } as const;

/** From one kind of proxy to the other. */
export interface Crossing {
  readonly source: Kind;
  readonly destination: Kind;
}

export const CROSSINGS: readonly Crossing[] = [
  { source: "hairpin", destination: "ztunnel" },
  { source: "ztunnel", destination: "hairpin" },
];

/** The pods of one node. */
export interface Side {
  readonly client: LabPod;
  readonly server: LabPod;
  /** Of the server's service, IPv4 first. */
  readonly vips: readonly string[];
}

/** istiod gathers changes, proxies ask again after pauses, and the machine is busy. */
export const PATIENCE_MS = 60_000;

export class MixedMesh implements AsyncDisposable {
  private constructor(
    readonly base: AgentMesh,
    readonly sides: Readonly<Record<Kind, Side>>,
    readonly env: Readonly<Record<string, string>>,
  ) {}

  /** @param env Added to both proxies' environment. */
  static async start(
    env: Readonly<Record<string, string>> = {},
  ): Promise<MixedMesh> {
    const base = await AgentMesh.build(2, true);
    try {
      await Promise.all(base.nodes.map(({ agent }) => agent.start()));
      await startProxy(base, "hairpin", env);
      await startProxy(base, "ztunnel", env);
      const sides = {
        hairpin: await addSide(base, "hairpin"),
        ztunnel: await addSide(base, "ztunnel"),
      };
      const mesh = new MixedMesh(base, sides, env);
      await mesh.#untilKnown();
      return mesh;
    } catch (reason) {
      await base[Symbol.asyncDispose]();
      throw reason;
    }
  }

  get lab(): Lab {
    return this.base.lab;
  }

  get plane(): ControlPlane {
    return this.base.plane;
  }

  /** The proxy of that kind. Both have ztunnel's endpoints and ztunnel's log. */
  proxy(kind: Kind): HairpinProcess {
    return this.base.proxy(NODES[kind]);
  }

  get proxies(): readonly HairpinProcess[] {
    return [this.proxy("hairpin"), this.proxy("ztunnel")];
  }

  /** Starts it again, and waits until it is ready. */
  startProxy(kind: Kind): Promise<void> {
    return startProxy(this.base, kind, this.env);
  }

  /** SIGKILL, and waits for its end. */
  kill(kind: Kind): Promise<void> {
    return this.base.killProxy(NODES[kind]);
  }

  /** A request to nginx. */
  get(from: Place, host: string, path = "/"): Promise<Call> {
    return call(this.lab, from, `http://${host}:${HTTP_PORT}${path}`);
  }

  /** Whether nginx answers, or the connection is cut. */
  async answers(from: Place, host: string): Promise<boolean> {
    return isAnswered(await this.get(from, host));
  }

  /** Waits until it does, or does not any more. */
  untilAnswers(from: Place, host: string, wanted: boolean): Promise<void> {
    return eventually(
      `${from.netns} is ${wanted ? "answered" : "cut off"} by ${host}`,
      async () => ((await this.get(from, host)).status === 200) === wanted,
      PATIENCE_MS,
    );
  }

  /** Opens connections to a pod's echo server and waits until all are in use. */
  async openStreams(from: LabPod, to: LabPod): Promise<Streams> {
    const name = `streams-${from.name}-${to.name}-${++streamsMade}`;
    const args = [ip(to), `${ECHO_PORT}`, `${STREAMS_COUNT}`];
    const streams = new Streams(
      this.lab.start(from, name, program("streams", ...args)),
    );
    await streams.untilMoreAnswers();
    return streams;
  }

  /** Has objects in the cluster while the body runs. */
  async under(objects: readonly object[], body: () => Promise<void>) {
    await this.plane.apply(...objects);
    try {
      await body();
    } finally {
      for (const object of objects as readonly Named[]) {
        const { kind, metadata: { name, namespace } } = object;
        await this.plane.delete(kind.toLowerCase(), name, namespace);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.base[Symbol.asyncDispose]();
  }

  /** Peers tunnel to a pod once istiod has heard that it is enrolled. */
  async #untilKnown(): Promise<void> {
    for (const proxy of this.proxies) {
      await proxy.untilDump(
        "all pods reached by HBONE, all services known",
        ({ workloads, services }) =>
          workloads.filter(({ protocol, namespace }) =>
              protocol === "HBONE" && namespace === "default"
            ).length >= 4 &&
          services.filter(({ name }) => /^httpbin-/.test(name)).length === 2,
        PATIENCE_MS,
      );
    }
  }
}

interface Named {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
}

let streamsMade = 0;

export const ip = ({ ips }: { readonly ips: readonly string[] }): string =>
  ips[0] ?? "";

async function startProxy(
  base: AgentMesh,
  kind: Kind,
  more: Readonly<Record<string, string>>,
): Promise<void> {
  const { node, agent, istio } = base.at(NODES[kind]);
  const env = { ...istio, INPOD_UDS: agent.socketPath, ...more };
  const proxy = kind === "hairpin"
    ? await startAsZtunnel(base.lab, node, env)
    : new HairpinProcess(
      node,
      await startZtunnel(base.lab, node, {
        program: await findZtunnel(testTools()) ?? "",
        workers: 1,
        // Istio's node agent does that.
        handover: () =>
          Promise.resolve({ [Symbol.asyncDispose]: async () => {} }),
        env: { FAKE_CA: undefined, LOCAL_XDS_PATH: undefined, ...env },
      }),
      false,
    );
  base.adoptProxy(node.name, proxy);
}

async function addSide(base: AgentMesh, kind: Kind): Promise<Side> {
  const letter = kind.charAt(0);
  const node = NODES[kind];
  const client = await base.addPod(`sleep-${letter}`, node);
  const server = await base.addPod(`httpbin-${letter}`, node);
  for (const pod of [client, server]) {
    await base.serve(pod);
    await startEchoServer(base.lab, pod, ECHO_PORT);
  }
  return { client, server, vips: await addService(base.plane, server.name) };
}

/** @returns its cluster IPs. */
export async function addService(
  plane: ControlPlane,
  name: string,
  { app = name, labels = {} } = {},
): Promise<readonly string[]> {
  await plane.apply({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "default", labels },
    spec: {
      ipFamilyPolicy: "PreferDualStack",
      selector: { app },
      ports: [
        { name: "http", port: HTTP_PORT },
        { name: "tcp-echo", port: ECHO_PORT },
      ],
    },
  });
  const { spec } = await plane.get<{ spec: { clusterIPs: string[] } }>(
    "service",
    name,
  );
  return spec.clusterIPs;
}

export async function mixedMeshSkipReason(): Promise<string | undefined> {
  const reason = await nodeAgentSkipReason();
  if (reason !== undefined) return reason;
  return await findZtunnel(testTools()) === undefined
    ? "HAIRPIN_TEST_TOOLS has no ztunnel"
    : undefined;
}
