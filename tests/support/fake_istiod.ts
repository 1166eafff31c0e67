import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import {
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import { makeServerCertificate } from "./server_certificate.ts";
import { makeTestCa, type TestCa } from "./test_ca.ts";

/** A gRPC server that says whatever a test has it say, down to the octets. */
export class FakeIstiod implements AsyncDisposable {
  readonly #server: Http2SecureServer;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #sockets = new Set<Socket>();
  readonly #calls: FakeCall[] = [];
  readonly #waiting: ((call: FakeCall) => void)[] = [];

  private constructor(
    server: Http2SecureServer,
    readonly port: number,
    /** What its certificate leads to. */
    readonly ca: TestCa,
  ) {
    this.#server = server;
    server.on("secureConnection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    server.on("session", (session) => {
      this.#sessions.add(session);
      session.on("error", () => {});
      session.on("close", () => this.#sessions.delete(session));
    });
    server.on("stream", (stream, headers) => {
      const call = new FakeCall(stream, headers);
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#calls.push(call);
      else waiting(call);
    });
  }

  /** @param name That it proves. @param port Default: a free one. */
  static async start(
    { name = "istiod.test", port = 0, ca }: {
      readonly name?: string;
      readonly port?: number;
      readonly ca?: TestCa;
    } = {},
  ): Promise<FakeIstiod> {
    const authority = ca ?? await makeTestCa();
    const names = [{ type: "dns", value: name }] as const;
    const { keyPem: key, certPem: cert } = await makeServerCertificate(
      authority,
      [...names],
    );
    const server = createSecureServer({ key, cert });
    server.on("error", () => {});
    await new Promise<void>((resolve) =>
      server.listen(port, "127.0.0.1", resolve)
    );
    const bound = (server.address() as { port: number }).port;
    return new FakeIstiod(server, bound, authority);
  }

  get address(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  /** The next call of a client. */
  next(): Promise<FakeCall> {
    const call = this.#calls.shift();
    if (call !== undefined) return Promise.resolve(call);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Ends all connections, in order or abruptly. */
  dropConnections(how: "goaway" | "destroy"): void {
    for (const session of this.#sessions) {
      if (how === "goaway") session.goaway();
      else session.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dropConnections("destroy");
    this.#server.close();
    // Who waits for it to say that it is closed may wait for ever.
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** One call: its headers, its messages, and what is answered. */
export class FakeCall {
  readonly #stream: ServerHttp2Stream;
  #buffer = new Uint8Array();
  readonly #messages: Uint8Array[] = [];
  #wake: (() => void) | undefined;
  #ended = false;
  #answering = false;

  constructor(
    stream: ServerHttp2Stream,
    readonly headers: IncomingHttpHeaders,
  ) {
    this.#stream = stream;
    stream.on("error", () => {});
    stream.on("data", (octets: Uint8Array) => this.#take(octets));
    const end = () => {
      this.#ended = true;
      this.#wake?.();
    };
    stream.on("end", end);
    stream.on("close", end);
  }

  /** The next message of the client; undefined when it has ended. */
  async receive<D extends DescMessage>(
    schema: D,
  ): Promise<MessageShape<D> | undefined> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) return fromBinary(schema, message);
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  send<D extends DescMessage>(schema: D, init: MessageInitShape<D>): void {
    this.sendMessage(toBinary(schema, create(schema, init)));
  }

  /** A message of any content. */
  sendMessage(content: Uint8Array): void {
    const framed = new Uint8Array(5 + content.length);
    new DataView(framed.buffer).setUint32(1, content.length);
    framed.set(content, 5);
    this.sendOctets(framed);
  }

  /** Octets that need not be a message. */
  sendOctets(octets: Uint8Array): void {
    this.begin();
    this.#stream.write(octets);
  }

  /** Answers that it will answer. */
  begin(headers: Record<string, string | number> = {}): void {
    if (this.#answering) return;
    this.#answering = true;
    this.#stream.respond({
      ":status": 200,
      "content-type": "application/grpc+proto",
      ...headers,
    }, { waitForTrailers: true });
  }

  /** Ends the call with a gRPC status. */
  end(code = 0, message = ""): void {
    const status = { "grpc-status": `${code}`, "grpc-message": message };
    if (!this.#answering) {
      const headers = { ":status": 200, "content-type": "application/grpc" };
      this.#answering = true;
      return this.#stream.respond({ ...headers, ...status }, {
        endStream: true,
      });
    }
    this.#stream.on("wantTrailers", () => this.#stream.sendTrailers(status));
    this.#stream.end();
  }

  /** Resets the stream. */
  reset(): void {
    this.#stream.close(2);
  }

  #take(octets: Uint8Array): void {
    const all = new Uint8Array(this.#buffer.length + octets.length);
    all.set(this.#buffer);
    all.set(octets, this.#buffer.length);
    let at = 0;
    while (all.length - at >= 5) {
      const size = new DataView(all.buffer).getUint32(at + 1);
      if (all.length - at < 5 + size) break;
      this.#messages.push(all.slice(at + 5, at + 5 + size));
      at += 5 + size;
    }
    this.#buffer = all.slice(at);
    this.#wake?.();
  }
}
