/** Two networks: a client in one; a gateway and, behind it, a server in the other. */
import type { Workload } from "../../src/model/workload.ts";
import type { ByteStream } from "../../src/net/byte_stream.ts";
import { dialTcp } from "../../src/net/dial.ts";
import type { H2Stream } from "../../src/net/h2_stream.ts";
import { startRelay } from "../../src/net/relay.ts";
import { TcpStream } from "../../src/net/tcp_stream.ts";
import type { ServeRequest } from "../../src/proxy/inbound_tunnel.ts";
import type { ProxySettings } from "../../src/proxy/context.ts";
import type { HeaderList } from "../../src/wire/h2/mod.ts";
import { PROXY_SETTINGS, TestProxy } from "../support/proxy_context.ts";
import {
  at,
  atAddress,
  hostOf,
  idOf,
  pod,
  service,
  serving,
} from "../support/sample_mesh.ts";
import type { TestListener } from "../support/sockets.ts";
import {
  certificates,
  ipOf,
  listenHbone,
  loopbackIp,
  proxyOf,
} from "./mesh_pair.ts";

const HBONE_PORT = 15_008;
export const REMOTE = "remote";
export const HOST = hostOf("server");
/** The service's address, in the client's network. */
export const VIP = { ip: "10.1.0.1", port: 80 };

/** What one request of the gateway's tunnels asked for, and what went through it. */
export interface Passed {
  readonly headers: HeaderList;
  /** From the client. */
  readonly chunks: Uint8Array[];
}

/** What the gateway does with a request; by default it hands it on to the server. */
export type AtGateway = (stream: H2Stream) => void;

export interface NetworkOptions {
  /** Whom the service vouches for. Default: the server. */
  readonly vouched?: readonly string[];
  /** Who the gateway says it is. Default: the gateway. */
  readonly gatewayIs?: string;
  /** Who the server says it is. Default: the server. */
  readonly serverIs?: string;
  readonly atGateway?: AtGateway;
  /** Of the server's proxy. Default: it tells of its workload. */
  readonly farSettings?: ProxySettings;
}

export class Networks implements AsyncDisposable {
  readonly server: Workload;
  readonly gateway: Workload;
  /** The client's proxy, the gateway's, and the server's. */
  readonly near: TestProxy;
  readonly middle: TestProxy;
  readonly far: TestProxy;
  readonly passed: Passed[] = [];
  /** Connections to the gateway. */
  readonly outer: TestListener;
  /** Connections that the gateway opened to the server. */
  readonly inner: TestListener;

  constructor(options: NetworkOptions = {}) {
    const { vouched = [idOf("server")] } = options;
    const client = pod("client", [loopbackIp()]);
    const [gatewayIp, serverIp] = [loopbackIp(), loopbackIp()];
    this.gateway = pod("gw", [gatewayIp], {
      network: REMOTE,
      workloadName: "gw-v1",
    });
    this.server = pod("server", [serverIp], {
      ...serving("server"),
      network: REMOTE,
      workloadName: "server-v1",
      canonicalName: "server",
      clusterId: "cluster-2",
    });
    const beyond = {
      ...pod("beyond", [], { ...serving("server"), network: REMOTE }),
      networkGateway: atAddress(gatewayIp, REMOTE),
    };
    const web = service("server", [VIP.ip], { subjectAltNames: vouched });
    this.near = proxyOf(client, {
      workloads: [client, this.gateway, beyond],
      services: [web],
    });
    const { gatewayIs = "gw", serverIs = "server" } = options;
    this.middle = proxyOf({ ...this.gateway, serviceAccount: gatewayIs }, {});
    this.far = proxyOf(
      { ...this.server, serviceAccount: serverIs },
      { workloads: [this.server], services: [web] },
      {
        certificates,
        settings: options.farSettings ?? {
          ...PROXY_SETTINGS,
          network: REMOTE,
          responseBaggage: true,
        },
      },
    );
    this.outer = listenHbone(
      this.middle,
      this.gateway,
      this.#serve(options.atGateway ?? ((stream) => this.handOn(stream))),
    );
    this.inner = listenHbone(this.far, this.server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.near.served.pool.destroy();
    this.middle.served.inboundSessions.destroy();
    this.far.served.inboundSessions.destroy();
    await this.outer[Symbol.asyncDispose]();
    await this.inner[Symbol.asyncDispose]();
  }

  #serve(act: AtGateway): ServeRequest {
    return (_tunnel, stream, headers) => {
      this.passed.push({ headers, chunks: [] });
      act(stream);
      return Promise.resolve();
    };
  }

  /** Connects what comes by a tunnel to the server's proxy. */
  async handOn(stream: H2Stream): Promise<void> {
    const passed = this.passed.at(-1)!;
    const to = at(ipOf(this.server), HBONE_PORT);
    const server = new TcpStream(await dialTcp(to, { tuning: {} }));
    stream.sendHeaders([[":status", "200"]], false);
    const unmetered = { forward() {}, backward() {} };
    startRelay(tapped(stream, passed.chunks), server, unmetered);
  }
}

/** The stream, with a copy kept of what comes from it. */
function tapped(stream: H2Stream, chunks: Uint8Array[]): ByteStream {
  return {
    attach: (receiver) =>
      stream.attach({
        onData(octets) {
          chunks.push(octets.slice());
          receiver.onData(octets);
        },
        onDrain: () => receiver.onDrain(),
        onEnd: () => receiver.onEnd(),
        onClose: (error) => receiver.onClose(error),
      }),
    write: (octets) => stream.write(octets),
    end: () => stream.end(),
    reset: () => stream.reset(),
    dismiss: () => stream.dismiss(),
    pause: () => stream.pause(),
    resume: () => stream.resume(),
  };
}
