import { stringify } from "yaml";
import type { Lab } from "./lab.ts";
import type { LabProcess } from "./lab_process.ts";
import { inNamespace, run } from "./command.ts";
import type { ServicePort } from "./manifests.ts";
import type { LabNode, LabPod, LabService } from "./places.ts";

/** Serves a node's pods to a proxy over ZDS on that socket, until disposed. */
export type Handover = (
  socketPath: string,
  pods: readonly LabPod[],
) => Promise<AsyncDisposable>;

export interface ZtunnelOptions {
  /** Path of the program; it must be a build that knows FAKE_CA. */
  readonly program: string;
  readonly workers: number;
  readonly handover: Handover;
  /** Replaces the environment's own; undefined takes a variable out. Default: nothing. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Connect back-off of its node-agent client included. */
const READY_WAIT_MS = 30_000;

/** The path of ztunnel in a folder of test programs, undefined when it is not there. */
export async function findZtunnel(
  folder: string | undefined,
): Promise<string | undefined> {
  if (folder === undefined) return undefined;
  const path = `${folder}/ztunnel`;
  return await isFile(path) ? path : undefined;
}

/**
 * Starts ztunnel at one node without a control plane (certificates of its test
 * CA, state from a file unless the environment says otherwise) for the pods that the lab has now, and waits until all
 * are taken over. Its end, with the lab's at the latest, ends the handing over.
 */
export async function startZtunnel(
  lab: Lab,
  node: LabNode,
  { program, workers, handover, env: more = {} }: ZtunnelOptions,
): Promise<LabProcess> {
  const socketPath = `${lab.folder}/zds-${node.name}.sock`;
  const statePath = `${lab.folder}/local-xds-${node.name}.yaml`;
  await Deno.writeTextFile(statePath, localXds(lab.pods, lab.services));
  const pods = lab.pods.filter((pod) => pod.node === node.name);
  const agent = await handover(socketPath, pods);
  const all: Record<string, string | undefined> = {
    FAKE_CA: "true",
    XDS_ADDRESS: "",
    LOCAL_XDS_PATH: statePath,
    INPOD_UDS: socketPath,
    NODE_NAME: node.name,
    PROXY_MODE: "shared",
    ZTUNNEL_WORKER_THREADS: `${workers}`,
    ...more,
  };
  const env = Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]]
    ),
  );
  const process = lab.start(node, `ztunnel-${node.name}`, [program], { env });
  process.ended.then(() => agent[Symbol.asyncDispose]());
  await untilReady(node, process);
  return process;
}

/** The pods and services in ztunnel's static format. */
export function localXds(
  pods: readonly LabPod[],
  services: readonly LabService[],
): string {
  return stringify({
    workloads: pods.map((pod) => workloadOf(pod, services)),
    services: services.map(serviceOf),
  });
}

function workloadOf(pod: LabPod, services: readonly LabService[]): object {
  const own = services.filter((service) => selects(service, pod));
  return {
    uid: `Kubernetes//Pod/${pod.namespace}/${pod.name}`,
    name: pod.name,
    namespace: pod.namespace,
    serviceAccount: pod.serviceAccount,
    trustDomain: "cluster.local",
    workloadIps: pod.ips,
    node: pod.node,
    protocol: "HBONE",
    status: pod.ready ? "Healthy" : "Unhealthy",
    clusterId: "Kubernetes",
    workloadName: pod.name,
    canonicalName: pod.labels["app"] ?? pod.name,
    services: Object.fromEntries(
      own.map((
        service,
      ) => [`${service.namespace}/${hostOf(service)}`, portsOf(service, pod)]),
    ),
  };
}

function serviceOf(service: LabService): object {
  // What an endpoint with a named port listens on stands with the endpoint.
  const ports = service.ports.map(
    ({ port, targetPort }: ServicePort): [number, number] => [
      port,
      Number(targetPort) || 0,
    ],
  );
  return {
    name: service.name,
    namespace: service.namespace,
    hostname: hostOf(service),
    vips: service.vips.map((vip) => `/${vip}`),
    ports: new Map(ports),
  };
}

// A Map, because ztunnel wants its keys as YAML numbers and not as text.
function portsOf(service: LabService, pod: LabPod): Map<number, number> {
  const named = (name: string) =>
    pod.ports.find((port) => port.name === name)?.containerPort ?? 0;
  return new Map(
    service.ports.map(({ port, targetPort }) => [
      port,
      typeof targetPort === "number" ? targetPort : named(targetPort),
    ]),
  );
}

function selects(service: LabService, pod: LabPod): boolean {
  const wanted = Object.entries(service.selector);
  return service.namespace === pod.namespace && wanted.length > 0 &&
    wanted.every(([key, value]) => pod.labels[key] === value);
}

function hostOf(service: LabService): string {
  return `${service.name}.${service.namespace}.svc.cluster.local`;
}

async function untilReady(node: LabNode, process: LabProcess): Promise<void> {
  const url = "http://127.0.0.1:15021/healthz/ready";
  const probe = inNamespace(node.netns, [
    "curl",
    "-sf",
    "--max-time",
    "5",
    url,
  ]);
  const deadline = performance.now() + READY_WAIT_MS;
  while ((await run(probe)).code !== 0) {
    if (!process.running) throw process.failure("it ended, awaited: ready");
    if (performance.now() > deadline) {
      throw process.failure("not ready in time");
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}
