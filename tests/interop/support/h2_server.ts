import { createServer, type Server, type Socket } from "node:net";
import type {
  H2Options,
  HeaderList,
  StreamId,
} from "../../../src/wire/h2/mod.ts";
import { H2Socket } from "./h2_socket.ts";

/** What the test server was asked on one stream. */
interface Request {
  readonly headers: HeaderList;
  readonly body: Uint8Array[];
  trailers: HeaderList;
}

/**
 * A server on loopback that answers by path:
 *
 * - `/bytes/N`: N octets of "x", with content-length
 * - `/echo`: the request's body, and its trailers as trailers
 * - `/early`: 103, then 200
 * - `/reset`: RST_STREAM with CANCEL
 * - `/goaway`: 200, after GOAWAY
 * - any CONNECT: what comes is sent back
 */
export class H2TestServer {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<H2Socket>();
  /** Errors of connections, as text. */
  readonly errors: string[] = [];

  private constructor(server: Server, options: Partial<H2Options>) {
    this.#server = server;
    const address = server.address();
    if (address === null || typeof address === "string") {
      throw new Error("server has no port");
    }
    this.port = address.port;
    server.on("connection", (socket) => this.#serve(socket, options));
  }

  static async start(options: Partial<H2Options> = {}): Promise<H2TestServer> {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return new H2TestServer(server, options);
  }

  /** Connections that were opened so far. */
  get connections(): readonly H2Socket[] {
    return [...this.#sockets];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.close();
    await new Promise<void>((done) => this.#server.close(() => done()));
  }

  #serve(raw: Socket, options: Partial<H2Options>): void {
    const requests = new Map<StreamId, Request>();
    const socket = new H2Socket(raw, "server", {
      onHeaders: (stream, headers, kind, end) => {
        if (kind === "request") {
          const request = { headers, body: [], trailers: [] };
          requests.set(stream, request);
          if (valueOf(headers, ":method") === "CONNECT") {
            socket.connection.sendHeaders(stream, [[":status", "200"]], false);
          }
        } else {
          requests.get(stream)!.trailers = headers;
        }
        if (end) this.#answer(socket, stream, requests.get(stream)!);
      },
      onData: (stream, octets, end) => {
        const request = requests.get(stream)!;
        socket.connection.release(stream, octets.length);
        if (valueOf(request.headers, ":method") === "CONNECT") {
          socket.write(stream, octets.slice(), { end });
          return;
        }
        request.body.push(octets.slice());
        if (end) this.#answer(socket, stream, request);
      },
      onFail: (error) => this.errors.push(error.message),
    }, options);
    this.#sockets.add(socket);
  }

  #answer(socket: H2Socket, stream: StreamId, request: Request): void {
    const { connection } = socket;
    const path = valueOf(request.headers, ":path") ?? "";
    const ok: HeaderList = [[":status", "200"], ["server", "hairpin-test"]];
    if (path.startsWith("/bytes/")) {
      const length = Number(path.slice("/bytes/".length));
      const fields: HeaderList = [...ok, ["content-length", String(length)]];
      connection.sendHeaders(stream, fields, false);
      socket.send(stream, new Uint8Array(length).fill(0x78));
    } else if (path === "/echo") {
      connection.sendHeaders(stream, ok, false);
      const { trailers } = request;
      const body = concatenate(request.body);
      socket.send(stream, body, trailers.length > 0 ? trailers : undefined);
    } else if (path === "/early") {
      const hints: HeaderList = [[":status", "103"], ["link", "</style.css>"]];
      connection.sendHeaders(stream, hints, false);
      connection.sendHeaders(stream, ok, true);
    } else if (path === "/reset") {
      connection.reset(stream, 8);
    } else {
      if (path === "/goaway") connection.goAway();
      connection.sendHeaders(stream, ok, true);
    }
  }
}

/** The value of the first field of that name. */
export function valueOf(fields: HeaderList, name: string): string | undefined {
  return fields.find((field) => field[0] === name)?.[1];
}

/** The parts in one buffer. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
