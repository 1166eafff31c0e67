/** A lab whose first node's proxy follows a mesh server that takes orders. */
import {
  inNamespace,
  Lab,
  type LabPod,
  type LabProcess,
  must,
  startEchoServer,
} from "../../lab/mod.ts";
import { startZtunnel } from "../../lab/ztunnel.ts";
import { ECHO_PORT } from "../subjects.ts";
import { handover, redirect } from "../ztunnel_proxies.ts";

/** When an order began and was carried out, in milliseconds since the epoch. */
export interface Carried {
  readonly beganMs: number;
  readonly endedMs: number;
  readonly octets: number;
}

/** A proxy under test, and what it is fed with. */
export interface FedProxy extends AsyncDisposable {
  readonly lab: Lab;
  readonly client: LabPod;
  readonly server: LabPod;
  readonly process: LabProcess;
  /** Returns when the proxy has acknowledged what the order had it told. */
  order(path: string): Promise<Carried>;
}

export interface FedProxyOptions {
  readonly kind: "hairpin" | "ztunnel";
  /** Path of ztunnel, where that is the kind. */
  readonly program?: string;
  readonly workers: number;
}

const PORT = 25_012;
const ORDERS_PORT = 25_013;
const ORDER_SECONDS_MAX = 180;
const MESH_SERVER =
  new URL("../programs/mesh_server.ts", import.meta.url).pathname;
const REPOSITORY = new URL("../../..", import.meta.url).pathname;

/** Starts a client and a server on two nodes, both proxies, and the mesh server. */
export async function startFedProxy(
  options: FedProxyOptions,
): Promise<FedProxy> {
  const lab = await Lab.create();
  try {
    const client = await lab.addPod({ name: "client", node: "node-1" });
    const server = await lab.addPod({ name: "server", node: "node-2" });
    const echo = await startEchoServer(lab, server, ECHO_PORT);
    const mesh = await startMeshServer(lab);
    const [process, far] = options.kind === "hairpin"
      ? await startHairpins(lab, options)
      : await startZtunnels(lab, options);
    for (const instrument of [echo, far]) await preferProcessor(instrument);
    await yieldProcessor(mesh);
    return {
      lab,
      client,
      server,
      process,
      order: (path) => order(lab, path),
      [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose](),
    };
  } catch (reason) {
    await lab[Symbol.asyncDispose]();
    throw reason;
  }
}

const rootPath = (lab: Lab) => `${lab.folder}/mesh-server-root.pem`;

async function startMeshServer(lab: Lab): Promise<LabProcess> {
  const orders = {
    port: PORT,
    ordersPort: ORDERS_PORT,
    rootPath: rootPath(lab),
    pods: lab.pods,
  };
  const server = lab.start(lab.node("node-1"), "mesh-server", [
    ...[Deno.execPath(), "run", "-A", MESH_SERVER, JSON.stringify(orders)],
  ], { cwd: REPOSITORY });
  await server.untilLog(/Listening/);
  return server;
}

/** How both proxies are told of the mesh server. */
const environment = (lab: Lab) => ({
  XDS_ADDRESS: `https://127.0.0.1:${PORT}`,
  XDS_ROOT_CA: rootPath(lab),
  ALT_XDS_HOSTNAME: "istiod.test",
});

async function startHairpins(
  lab: Lab,
  { workers }: FedProxyOptions,
): Promise<readonly [fed: LabProcess, far: LabProcess]> {
  const [fed, far] = await Promise.all([
    lab.startHairpin(lab.node("node-1"), { workers, env: environment(lab) }),
    lab.startHairpin(lab.node("node-2"), { workers }),
  ]);
  return [fed.process, far.process];
}

async function startZtunnels(
  lab: Lab,
  { program = "", workers }: FedProxyOptions,
): Promise<readonly [fed: LabProcess, far: LabProcess]> {
  for (const pod of lab.pods) await redirect(pod);
  const options = { program, workers, handover };
  const fedBy = { ...environment(lab), LOCAL_XDS_PATH: undefined };
  return await Promise.all([
    startZtunnel(lab, lab.node("node-1"), { ...options, env: fedBy }),
    startZtunnel(lab, lab.node("node-2"), options),
  ]);
}

/**
 * What a figure is read from, or is on another machine in a real mesh, waits for
 * no processor that the proxy under test has.
 */
export const preferProcessor = (process: LabProcess): Promise<void> =>
  setNiceness(process, -10);

/** What feeds the proxy under test takes no processor that it needs. */
const yieldProcessor = (process: LabProcess): Promise<void> =>
  setNiceness(process, 10);

async function setNiceness(
  { pid }: LabProcess,
  niceness: number,
): Promise<void> {
  const threads = Array.from(
    Deno.readDirSync(`/proc/${pid}/task`),
    ({ name }) => name,
  );
  await must(["renice", "-n", `${niceness}`, "-p", ...threads]);
}

async function order(lab: Lab, path: string): Promise<Carried> {
  const url = `http://127.0.0.1:${ORDERS_PORT}${path}`;
  const seconds = `${ORDER_SECONDS_MAX}`;
  const curl = ["curl", "-sS", "-f", "-X", "POST", "--max-time", seconds, url];
  return JSON.parse(await must(inNamespace(lab.node("node-1").netns, curl)));
}
