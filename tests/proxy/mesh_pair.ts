/** Two pods with loopback addresses of their own and proxies that trust each other. */
import type { MeshDelta } from "../../src/model/delta.ts";
import type { WorkloadCertificate } from "../../src/model/certificate.ts";
import { formatIdentity } from "../../src/model/identity.ts";
import type { Workload } from "../../src/model/workload.ts";
import { TcpStream } from "../../src/net/tcp_stream.ts";
import type { ProxyContext } from "../../src/proxy/context.ts";
import {
  serveInboundTunnel,
  type ServeRequest,
} from "../../src/proxy/inbound_tunnel.ts";
import { TestProxy } from "../support/proxy_context.ts";
import { Recorder } from "../support/recorder.ts";
import { at, hostOf, pod, service, serving } from "../support/sample_mesh.ts";
import { gone, makeAccepted, TestListener } from "../support/sockets.ts";
import { makeTestCa } from "../support/test_ca.ts";

const HBONE_PORT = 15_008;
export const APP_PORT = 8080;

/** Not those of another run: 15008 is the only port that a tunnel is dialled at. */
const NET = `127.${64 + Math.floor(Math.random() * 128)}.${
  1 + Math.floor(Math.random() * 250)
}`;
let hosts = 0;

/** An address of this machine that no other part of the test has. */
export const loopbackIp = (): string => `${NET}.${++hosts}`;

const ca = await makeTestCa();

/** By identity; made when asked for. */
const leaves = new Map<string, Promise<WorkloadCertificate>>();

export const certificates: ProxyContext["certificates"] = {
  get(identity) {
    const spiffeId = formatIdentity(identity);
    const leaf = leaves.get(spiffeId) ?? ca.leaf(spiffeId);
    leaves.set(spiffeId, leaf);
    return leaf;
  },
};

export interface Pods {
  readonly client: Workload;
  readonly server: Workload;
  readonly mesh: Partial<MeshDelta>;
}

/** A client, and the server of service `server` at 10.1.0.1:80. */
export function makePods(fields: Partial<Workload> = {}): Pods {
  const client = pod("client", [loopbackIp()]);
  const server = pod("server", [loopbackIp()], {
    ...serving("server"),
    ...fields,
  });
  const workloads = [client, server];
  const services = [service("server", ["10.1.0.1"])];
  return { client, server, mesh: { workloads, services } };
}

export const HOST = hostOf("server");
export const ipOf = ({ ips }: Workload): string => `${ips[0]}`;

/** The proxy of a workload's pod. */
export const proxyOf = (
  workload: Workload,
  mesh: Partial<MeshDelta>,
  fields: Partial<ProxyContext> = {},
): TestProxy =>
  new TestProxy(mesh, {
    certificates,
    workloadOf: () => Promise.resolve(workload),
    ...fields,
  });

/**
 * Takes tunnels for a pod.
 *
 * @param serve Default: to the pod itself.
 */
export function listenHbone(
  proxy: TestProxy,
  workload: Workload,
  serve?: ServeRequest,
): TestListener {
  const listening = new TestListener(HBONE_PORT, {
    at: at(ipOf(workload), HBONE_PORT),
    redirected: false,
  });
  void (async () => {
    for (;;) {
      const accepted = await listening.accept();
      void serveInboundTunnel(proxy.context, proxy.served, accepted, serve);
    }
  })();
  return listening;
}

/** The pod's application. */
export const listenApp = (workload: Workload): TestListener =>
  new TestListener(APP_PORT, {
    at: at(ipOf(workload), APP_PORT),
    redirected: false,
  });

/** What an application opened, as a proxy captures it, and the application's own end. */
export async function captured(target: { ip: string; port: number }) {
  const { client, accepted: { stream } } = await makeAccepted();
  const app = new TcpStream(client);
  const heard = new Recorder();
  app.attach(heard);
  const accepted = {
    stream,
    peer: at("127.0.0.1", client.localPort ?? 0),
    local: at("127.0.0.1", 15_001),
    original: at(target.ip, target.port),
  };
  return {
    app,
    heard,
    accepted,
    [Symbol.asyncDispose]: () => {
      stream.reset();
      return gone(client);
    },
  };
}
