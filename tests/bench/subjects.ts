import {
  Lab,
  type LabPod,
  type LabProcess,
  startEchoServer,
  startHttpServer,
  startIperfServer,
} from "../lab/mod.ts";
import {
  addWaypointParts,
  startWaypoint,
  type WaypointOptions,
  type WaypointSide,
} from "./waypoint_side.ts";

export const HTTP_PORT = 8000;
export const ECHO_PORT = 9000;

/** Something to measure: a lab with a client and a server on two nodes, and the proxies between. */
export interface Subject extends AsyncDisposable {
  readonly name: string;
  readonly lab: Lab;
  readonly client: LabPod;
  readonly server: LabPod;
  /** Both nodes' proxies; none when the pods talk directly. */
  readonly proxies: readonly LabProcess[];
  /** Only where it was asked for. */
  readonly waypoint?: WaypointSide;
  /** Only where they were asked for. */
  readonly lanes?: LaneTargets;
}

/** Somewhere that the client can reach; it has the server's programs. */
export interface Target {
  readonly ips: readonly string[];
}

/** What is reached without a tunnel. */
export interface LaneTargets {
  /** A pod on the client's node. */
  readonly near: Target;
  /** Outside of the mesh; iperf3 only. */
  readonly outside: Target;
}

/** A subject, or one of its other targets in the server's place. */
export type Measured = Omit<Subject, "server"> & { readonly server: Target };

/** Puts proxies into a lab whose pods and servers are there already; the lab's end ends them. */
export type StartProxies = (lab: Lab) => Promise<readonly LabProcess[]>;

/** What a subject has beside what all have. */
export interface SubjectParts {
  /** Adds a waypoint, and servers with and without it in front. */
  readonly waypoint?: WaypointOptions | undefined;
  /** Adds {@link LaneTargets}. */
  readonly lanes?: boolean;
}

/** Builds a lab with the servers that all benchmarks use. Same plan for every subject. */
export async function startSubject(
  name: string,
  startProxies: StartProxies,
  { waypoint, lanes = false }: SubjectParts = {},
): Promise<Subject> {
  const lab = await Lab.create();
  try {
    const client = await lab.addPod({ name: "client", node: "node-1" });
    const server = await lab.addPod({ name: "server", node: "node-2" });
    await startHttpServer(lab, server, HTTP_PORT);
    await startEchoServer(lab, server, ECHO_PORT);
    await startIperfServer(lab, server);
    const targets = lanes ? await addLaneTargets(lab) : undefined;
    const parts = waypoint && await addWaypointParts(lab, waypoint);
    const proxies = await startProxies(lab);
    const side = parts && await startWaypoint(lab, parts);
    const dispose = () => lab[Symbol.asyncDispose]();
    return {
      name,
      lab,
      client,
      server,
      proxies,
      ...(side === undefined ? {} : { waypoint: side }),
      ...(targets === undefined ? {} : { lanes: targets }),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (reason) {
    await lab[Symbol.asyncDispose]();
    throw reason;
  }
}

async function addLaneTargets(lab: Lab): Promise<LaneTargets> {
  const near = await lab.addPod({ name: "near", node: "node-1" });
  await startHttpServer(lab, near, HTTP_PORT);
  await startIperfServer(lab, near);
  await startIperfServer(lab, { ...lab.outsider, name: "outsider" });
  return { near, outside: lab.outsider };
}

/** The pods as they are: what a mesh is to be measured against. */
export const noProxies: StartProxies = () => Promise.resolve([]);

/** Hairpin from source (or the binary that HAIRPIN_LAB_PROGRAM names) at both nodes. */
export function hairpinProxies(
  workers: number,
  flags: readonly string[] = [],
): StartProxies {
  return async (lab) => {
    const started = lab.nodes.map((node) =>
      lab.startHairpin(node, { workers, flags })
    );
    return (await Promise.all(started)).map((hairpin) => hairpin.process);
  };
}

/** Seconds of processor time that all proxies of the subject used so far. */
export function proxyCpuSeconds(subject: Pick<Subject, "proxies">): number {
  return subject.proxies.reduce((sum, proxy) => sum + proxy.cpuSeconds(), 0);
}

/** The address and port of a server of the subject, for URLs. */
export function serverUrl(subject: Measured, path: string): string {
  return `http://${subject.server.ips[0]}:${HTTP_PORT}${path}`;
}
