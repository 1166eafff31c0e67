import type { Socket } from "node:net";
import { dialTcp } from "../../src/net/dial.ts";
import {
  type Accepted,
  Listener,
  type ListenerOptions,
} from "../../src/net/listen.ts";
import { at, ip } from "./sample_mesh.ts";

/** Options of a loopback listener that wants nothing special. */
export const LISTENER = {
  redirected: true,
  reusePort: false,
  transparent: "off",
  tuning: {},
} as const satisfies Partial<ListenerOptions>;

/** A port of 127.0.0.1 that nobody listens on. */
export function freePort(hostname = "127.0.0.1"): number {
  const listener = Deno.listen({ hostname, port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

/** A listener that keeps what it accepts until asked. */
export class TestListener implements AsyncDisposable {
  readonly #accepted: Accepted[] = [];
  readonly #waiting: ((accepted: Accepted) => void)[] = [];
  readonly #all: Accepted[] = [];
  readonly #listener: Listener;
  readonly errors: unknown[] = [];
  #echoing = false;

  constructor(
    readonly port: number,
    options: Partial<ListenerOptions> = {},
  ) {
    this.#listener = Listener.open(
      { ...LISTENER, at: { ip: ip("127.0.0.1"), port }, ...options },
      (accepted) => this.#take(accepted),
      (reason) => this.errors.push(reason),
    );
  }

  get transparent(): boolean {
    return this.#listener.transparent;
  }

  /** Connections so far. */
  get count(): number {
    return this.#all.length;
  }

  /** The next connection. */
  accept(): Promise<Accepted> {
    const accepted = this.#accepted.shift();
    if (accepted !== undefined) return Promise.resolve(accepted);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** From now on answers every connection with what it says. */
  serveEcho(): void {
    this.#echoing = true;
    for (const { socket } of this.#all) echo(socket);
  }

  /** Stops listening; connections stay. */
  stop(): void {
    this.#listener[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await Promise.all(this.#all.map(({ socket }) => gone(socket)));
  }

  #take(accepted: Accepted): void {
    accepted.socket.on("error", () => {});
    this.#all.push(accepted);
    if (this.#echoing) echo(accepted.socket);
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#accepted.push(accepted);
    else waiting(accepted);
  }
}

function echo(socket: Socket): void {
  if (socket.listenerCount("data") > 0) return;
  socket.on("data", (octets: Uint8Array) => socket.write(octets));
}

/** Destroys a socket and waits until it is closed. */
export async function gone(socket: Socket): Promise<void> {
  if (socket.closed) return;
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.on("error", () => {});
  socket.destroy();
  await closed;
}

/** Both ends of one loopback connection. */
export interface TcpPair extends AsyncDisposable {
  readonly client: Socket;
  readonly server: Socket;
}

export async function makeTcpPair(): Promise<TcpPair> {
  const port = freePort();
  const listener = new TestListener(port);
  const client = await dialTcp(at("127.0.0.1", port), { tuning: {} });
  const { socket: server } = await listener.accept();
  listener.stop();
  return {
    client,
    server,
    async [Symbol.asyncDispose]() {
      await Promise.all([gone(client), gone(server)]);
    },
  };
}

/** A connection that nobody has taken yet, and the far end of it. */
export async function makeAccepted(): Promise<
  { readonly client: Socket; readonly accepted: Accepted }
> {
  const port = freePort();
  const arrived = Promise.withResolvers<Accepted>();
  const where = { ip: ip("127.0.0.1"), port };
  using _listener = Listener.open(
    { ...LISTENER, at: where },
    arrived.resolve,
    arrived.reject,
  );
  const client = await dialTcp(where, { tuning: {} });
  return { client, accepted: await arrived.promise };
}
