import { TlsTransport } from "../../src/net/tls_transport.ts";
import { H2Session, type H2SessionOptions } from "../../src/net/h2_session.ts";
import type { H2Stream } from "../../src/net/h2_stream.ts";
import { connectTls } from "../../src/net/tls_client.ts";
import { TlsServer } from "../../src/net/tls_server.ts";
import type { TLSSocket } from "node:tls";
import type { HeaderList } from "../../src/wire/h2/mod.ts";
import { makeTcpPair, type TcpPair } from "./sockets.ts";
import { makeTestCa } from "./test_ca.ts";

/** As in the product. */
export const HTTP2 = {
  streamWindow: 4 * 1024 * 1024,
  connectionWindow: 16 * 1024 * 1024,
  frameSize: 1024 * 1024,
};

export const CONNECT: HeaderList = [
  [":method", "CONNECT"],
  [":authority", "10.0.0.1:80"],
];

export const SERVER_ID = "spiffe://cluster.local/ns/ns1/sa/server";
export const CLIENT_ID = "spiffe://cluster.local/ns/ns1/sa/client";

const credentials = (async () => {
  const ca = await makeTestCa();
  return {
    client: await ca.leaf(CLIENT_ID),
    server: await ca.leaf(SERVER_ID),
  };
})();

/** Both ends of one TLS connection. */
export interface TlsPair extends AsyncDisposable {
  readonly client: TLSSocket;
  readonly server: TLSSocket;
  readonly tcp: TcpPair;
}

export async function makeTlsPair(): Promise<TlsPair> {
  const { client, server } = await credentials;
  const tcp = await makeTcpPair();
  const [near, far] = await Promise.all([
    connectTls(tcp.client, { certificate: client, expected: [SERVER_ID] }),
    new TlsServer(server, "cluster.local").handshake(tcp.server),
  ]);
  return {
    client: near,
    server: far.socket,
    tcp,
    async [Symbol.asyncDispose]() {
      near.destroy();
      far.socket.destroy();
      await tcp[Symbol.asyncDispose]();
    },
  };
}

/** A request as the server sees it. */
export interface Request {
  readonly stream: H2Stream;
  readonly headers: HeaderList;
}

type Options = Partial<H2SessionOptions>;

/** Two sessions at the ends of one TLS connection. */
export class H2Pair implements AsyncDisposable {
  readonly client: H2Session;
  readonly server: H2Session;
  readonly tls: TlsPair;
  readonly #requests: Request[] = [];
  readonly #waiting: ((request: Request) => void)[] = [];

  constructor(tls: TlsPair, client: Options, server: Options) {
    this.tls = tls;
    this.client = new H2Session(new TlsTransport(tls.client), {
      role: "client",
      http2: HTTP2,
      ...client,
    });
    this.server = new H2Session(new TlsTransport(tls.server), {
      role: "server",
      http2: HTTP2,
      onRequest: (stream, headers) => this.#take({ stream, headers }),
      ...server,
    });
  }

  /** The next request that no one has taken. */
  request(): Promise<Request> {
    const request = this.#requests.shift();
    if (request !== undefined) return Promise.resolve(request);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** A tunnel's stream, as both ends have it. */
  async stream(): Promise<{ near: H2Stream; far: H2Stream }> {
    const near = this.client.open(CONNECT)!;
    const response = near.response();
    const { stream: far } = await this.request();
    far.sendHeaders([[":status", "200"]], false);
    await response;
    return { near, far };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.destroy();
    this.server.destroy();
    await this.tls[Symbol.asyncDispose]();
  }

  #take(request: Request): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#requests.push(request);
    else waiting(request);
  }
}

export async function makeH2Pair(
  client: Options = {},
  server: Options = {},
): Promise<H2Pair> {
  return new H2Pair(await makeTlsPair(), client, server);
}
