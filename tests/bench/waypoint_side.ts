import {
  addWaypoint,
  type Lab,
  type LabPod,
  type LabProcess,
  type LabService,
  startHttpServer,
  WAYPOINT_LABEL,
} from "../lab/mod.ts";

export const WAYPOINT_PORTS = { http: 8000, http2: 8001, grpc: 8079 } as const;
/** What keeps to itself for a while after a start or a burst. */
const SETTLE_MS = 6_000;

export interface WaypointOptions {
  /** Data-plane threads of the waypoint. */
  readonly workers: number;
  /** The program of the gRPC servers; none when there is none. */
  readonly fortio: string | undefined;
}

/** A waypoint, and two services alike but that only one is behind it. */
export interface WaypointSide {
  readonly process: LabProcess;
  readonly straight: LabService;
  readonly fronted: LabService;
  /** Resident memory of the waypoint before its first request. */
  readonly restMiB: number;
  /** A folder of manifests that the waypoint alone reads. */
  readonly routesFolder: string;
}

/** What has to be there before the nodes' proxies start. */
export interface WaypointParts extends WaypointOptions {
  readonly pod: LabPod;
  readonly straight: LabService;
  readonly fronted: LabService;
}

/** Adds the waypoint's pod and both services with their servers. */
export async function addWaypointParts(
  lab: Lab,
  options: WaypointOptions,
): Promise<WaypointParts> {
  const pod = await addWaypoint(lab, { name: "waypoint", node: "node-1" });
  const straight = await addServer(lab, "straight", {}, options);
  const label = { [WAYPOINT_LABEL]: pod.name };
  const fronted = await addServer(lab, "fronted", label, options);
  return { ...options, pod, straight, fronted };
}

async function addServer(
  lab: Lab,
  name: string,
  labels: Readonly<Record<string, string>>,
  { fortio }: WaypointOptions,
): Promise<LabService> {
  const pod = await lab.addPod({ name, node: "node-2" });
  await startHttpServer(lab, pod, WAYPOINT_PORTS.http);
  await startHttpServer(lab, pod, WAYPOINT_PORTS.http2, "http2");
  if (fortio !== undefined) await startGrpcServer(lab, pod, fortio);
  const ports = Object.entries(WAYPOINT_PORTS)
    .map(([name, port]) => ({ name, port, targetPort: port }));
  return await lab.addService({ name, labels, selector: { app: name }, ports });
}

async function startGrpcServer(
  lab: Lab,
  pod: LabPod,
  fortio: string,
): Promise<void> {
  const others = ["http", "redirect", "tcp", "udp"]
    .flatMap((other) => [`-${other}-port`, "disabled"]);
  const server = lab.start(pod, `fortio-${pod.name}`, [
    ...[fortio, "server", "-grpc-port", `${WAYPOINT_PORTS.grpc}`],
    ...others,
  ]);
  await server.untilLog(/servers started/);
}

/** Starts the waypoint and lets it come to rest. */
export async function startWaypoint(
  lab: Lab,
  { pod, workers, straight, fronted }: WaypointParts,
): Promise<WaypointSide> {
  const routesFolder = `${lab.folder}/routes`;
  await Deno.mkdir(routesFolder);
  await Deno.writeTextFile(`${routesFolder}/routes.yaml`, "# none yet\n");
  const { process } = await lab.startHairpin(pod, {
    gateway: `${pod.namespace}/${pod.name}`,
    workers,
    flags: ["--config", lab.configFolder, "--config", routesFolder],
  });
  await settle();
  const restMiB = process.residentMiB();
  return { process, straight, fronted, restMiB, routesFolder };
}

/** Lets buffers of a burst be given back. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}
