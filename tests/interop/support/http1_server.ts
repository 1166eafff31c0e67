import { type AddressInfo, createServer, type Socket } from "node:net";
import {
  type ExchangeId,
  type HeaderList,
  type Http1Error,
  type Http1Options,
  Http1Server,
} from "../../../src/wire/http1/mod.ts";
import { Http1Socket } from "./http1_socket.ts";

/** A request as our server saw it. */
export interface SeenRequest {
  readonly headers: HeaderList;
  trailers: HeaderList | undefined;
  octets: number;
}

/**
 * An HTTP/1.1 server of ours on loopback. `/bytes/N` gives N octets by length,
 * `/chunks/N` in chunks, `/trailers` trailers; `/refuse` answers 403 at once;
 * `/switch` accepts an upgrade and echoes; everything else echoes the body and
 * its trailers.
 */
export class Http1TestServer {
  readonly requests: SeenRequest[] = [];
  readonly errors: Http1Error[] = [];
  connections = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer({ allowHalfOpen: true });

  static async start(options: Http1Options = {}): Promise<Http1TestServer> {
    const server = new Http1TestServer();
    server.#server.on("connection", (socket) => {
      server.connections++;
      server.#sockets.add(socket);
      server.#serve(socket, options);
    });
    await new Promise<void>((done) =>
      server.#server.listen(0, "127.0.0.1", done)
    );
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #serve(socket: Socket, options: Http1Options): void {
    const bound: Http1Socket<Http1Server> = new Http1Socket(socket, {
      onHeaders: (exchange, headers, kind, end) => {
        if (kind === "request") {
          this.requests.push({ headers, trailers: undefined, octets: 0 });
          answer(bound.connection, exchange, headers, end);
        } else {
          this.requests.at(-1)!.trailers = headers;
          finish(bound.connection, exchange, headers);
        }
      },
      onData: (exchange, octets, end) => {
        const { connection } = bound;
        this.requests.at(-1)!.octets += octets.length;
        connection.sendData(exchange, octets, end);
        connection.release(octets.length);
      },
      onReset() {},
      onFinished: (error) => {
        if (error !== undefined) this.errors.push(error);
      },
    }, (handlers) => new Http1Server(handlers, options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((done) => this.#server.close(() => done()));
  }
}

function valueOf(headers: HeaderList, wanted: string): string | undefined {
  return headers.find(([name]) => name === wanted)?.[1];
}

function answer(
  server: Http1Server,
  exchange: ExchangeId,
  headers: HeaderList,
  end: boolean,
): void {
  const path = valueOf(headers, ":path") ?? "";
  const [, kind, count] = /^\/(bytes|chunks)\/([0-9]+)$/.exec(path) ?? [];
  if (kind !== undefined) {
    const body = new Uint8Array(Number(count)).fill(0x79);
    const length = [["content-length", String(count)]] as const;
    const fields = kind === "bytes" ? length : [];
    server.sendHeaders(exchange, [[":status", "200"], ...fields], false);
    server.sendData(exchange, body, true);
  } else if (path === "/switch") {
    const upgrade = valueOf(headers, "upgrade") ?? "";
    const fields = [[":status", "101"], ["upgrade", upgrade]] as const;
    server.sendHeaders(exchange, fields, false);
  } else if (path === "/trailers") {
    server.sendHeaders(exchange, [[":status", "200"]], false);
    server.sendData(exchange, new Uint8Array([0x61]), false);
    server.sendHeaders(exchange, [["x-sum", "1"]], true);
  } else if (path === "/refuse") {
    server.sendHeaders(exchange, [[":status", "403"]], true);
    if (!end) server.reset(exchange);
  } else echo(server, exchange, headers, end);
}

function echo(
  server: Http1Server,
  exchange: ExchangeId,
  headers: HeaderList,
  end: boolean,
): void {
  if (valueOf(headers, "expect") !== undefined) {
    server.sendHeaders(exchange, [[":status", "100"]], false);
  }
  const echoed = [
    ["x-method", valueOf(headers, ":method") ?? ""],
    ["x-authority", valueOf(headers, ":authority") ?? ""],
    ["x-path", valueOf(headers, ":path") ?? ""],
  ] as const;
  server.sendHeaders(exchange, [[":status", "200"], ...echoed], end);
}

/** Sends the request's trailers back. */
function finish(
  server: Http1Server,
  exchange: ExchangeId,
  trailers: HeaderList,
): void {
  server.sendHeaders(exchange, trailers, true);
}
