/**
 * A mesh that takes everything from a Kubernetes API, without istiod:
 *
 *     node-1  sleep       a client
 *             waypoint    hairpin in waypoint mode, without a Service
 *     node-2  httpbin     nginx on 8000, a TCP echo server on 9000; the waypoint
 *                         fronts the service of that name
 */
import { netnsPath } from "../lab/command.ts";
import { ControlPlane } from "../lab/control_plane/mod.ts";
import {
  type HairpinProcess,
  Lab,
  type LabPod,
  startEchoServer,
  startHttpServer,
} from "../lab/mod.ts";
import { fronted } from "../support/manifests.ts";
import { type Call, call } from "./calls.ts";
import { eventually } from "./support.ts";

export const HTTP_PORT = 8000;
export const ECHO_PORT = 9000;
const GATEWAY_API = "gateway.networking.k8s.io";

export class KubeMesh implements AsyncDisposable {
  private constructor(
    readonly lab: Lab,
    readonly plane: ControlPlane,
    readonly pods: Readonly<Record<"sleep" | "waypoint" | "httpbin", LabPod>>,
    readonly proxies: readonly HairpinProcess[],
    readonly waypoint: HairpinProcess,
    /** The cluster IP of httpbin. */
    readonly vip: string,
  ) {}

  static async start(): Promise<KubeMesh> {
    const lab = await Lab.create();
    try {
      const plane = await ControlPlane.start({ lab, istiod: false });
      const pods = await addPods(lab, plane);
      const vip = await addObjects(plane);
      await startHttpServer(lab, pods.httpbin, HTTP_PORT);
      await startEchoServer(lab, pods.httpbin, ECHO_PORT);
      const { kubeconfig } = plane;
      const [client, server, waypoint] = await Promise.all([
        lab.startHairpin(lab.node("node-1"), { kubeconfig }),
        lab.startHairpin(lab.node("node-2"), { kubeconfig }),
        lab.startHairpin(pods.waypoint, {
          kubeconfig,
          gateway: "default/waypoint",
        }),
      ]);
      const mesh = new KubeMesh(
        lab,
        plane,
        pods,
        [client, server],
        waypoint,
        vip,
      );
      await mesh.#untilServed();
      return mesh;
    } catch (reason) {
      await lab[Symbol.asyncDispose]();
      throw reason;
    }
  }

  /** A request of sleep's to httpbin's service. */
  get(path: string, more: readonly string[] = []): Promise<Call> {
    const url = `http://${this.vip}:${HTTP_PORT}${path}`;
    return call(this.lab, this.pods.sleep, url, more);
  }

  /** Waits until a request is answered with that status. */
  untilStatus(path: string, status: number): Promise<void> {
    return eventually(
      `${path} is answered with ${status}`,
      async () => (await this.get(path)).status === status,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.plane[Symbol.asyncDispose]();
    await this.lab[Symbol.asyncDispose]();
  }

  async #untilServed(): Promise<void> {
    const [client, server] = this.proxies;
    await Promise.all([
      untilRedirected(client!, await uidOf(this.plane, "sleep")),
      untilRedirected(server!, await uidOf(this.plane, "httpbin")),
    ]);
  }
}

async function uidOf(plane: ControlPlane, pod: string): Promise<string> {
  const { metadata } = await plane.get<{ metadata: { uid: string } }>(
    "pod",
    pod,
  );
  return metadata.uid;
}

async function untilRedirected(
  hairpin: HairpinProcess,
  uid: string,
): Promise<void> {
  await hairpin.process.untilLog(new RegExp(`pod redirected\\tuid="${uid}"`));
}

async function addPods(
  lab: Lab,
  plane: ControlPlane,
): Promise<KubeMesh["pods"]> {
  await plane.apply({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name: "default",
      labels: { "istio.io/dataplane-mode": "ambient" },
    },
  });
  const add = async (
    name: string,
    node: string,
    labels: Readonly<Record<string, string>> = { app: name },
  ) => {
    const pod = await lab.addPod({ name, node, labels });
    const { ips, netns } = pod;
    const annotations = { "hairpin.dev/netns": netnsPath(netns) };
    await plane.addPod({ name, node, ips, labels, annotations });
    return pod;
  };
  return {
    sleep: await add("sleep", "node-1"),
    waypoint: await add("waypoint", "node-1", {
      "gateway.networking.k8s.io/gateway-name": "waypoint",
      "istio.io/dataplane-mode": "none",
    }),
    httpbin: await add("httpbin", "node-2"),
  };
}

/** @returns the cluster IP of httpbin. */
async function addObjects(plane: ControlPlane): Promise<string> {
  await plane.apply({
    apiVersion: `${GATEWAY_API}/v1`,
    kind: "GatewayClass",
    metadata: { name: "hairpin-waypoint" },
    spec: { controllerName: "hairpin.dev/waypoint" },
  }, {
    apiVersion: `${GATEWAY_API}/v1`,
    kind: "Gateway",
    metadata: {
      name: "waypoint",
      namespace: "default",
      labels: { "istio.io/waypoint-for": "service" },
    },
    spec: {
      gatewayClassName: "hairpin-waypoint",
      listeners: [{ name: "mesh", port: 15008, protocol: "HBONE" }],
    },
  }, fronted({ http: HTTP_PORT, "tcp-echo": ECHO_PORT }));
  const { spec } = await plane.get<{ spec: { clusterIP: string } }>(
    "service",
    "httpbin",
  );
  return spec.clusterIP;
}
