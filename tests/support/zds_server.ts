import { closeFd, type Fd } from "../../src/sys/libc.ts";
import { openNetns } from "../../src/sys/netns.ts";
import { Seqpacket, SeqpacketListener } from "../../src/sys/seqpacket.ts";
import {
  decodeAck,
  decodeHello,
  encodeRequest,
  PACKET_MAX_OCTETS,
  type ZdsPod,
  type ZdsRequest,
} from "../../src/wire/inpod/mod.ts";

/** A node agent's end of ZDS: hands pods to hairpin, or to ztunnel itself. */
export class ZdsServer implements Disposable {
  readonly #listener: SeqpacketListener;

  /** Listens on a path that does not exist yet. */
  constructor(readonly path: string) {
    this.#listener = new SeqpacketListener(path);
  }

  /** The next proxy that connects, once it has greeted. */
  async accept(): Promise<ZdsConnection> {
    const socket = await this.#listener.accept();
    if (socket === undefined) throw new Error("the server is closed");
    const hello = await socket.receive(PACKET_MAX_OCTETS);
    if (hello === undefined) throw new Error("closed before the greeting");
    return new ZdsConnection(socket, decodeHello(hello.octets));
  }

  /** Stops listening; the path can be used again. */
  [Symbol.dispose](): void {
    this.#listener.close();
    Deno.removeSync(this.path);
  }
}

/** One proxy. Each request waits for its answer and returns the error in it. */
export class ZdsConnection implements Disposable {
  readonly #socket: Seqpacket;

  constructor(socket: Seqpacket, readonly version: number) {
    this.#socket = socket;
  }

  /** Hands over a pod whose namespace is at a path. */
  async add(uid: string, pod: ZdsPod, netnsPath: string): Promise<string> {
    const netns = openNetns(netnsPath);
    try {
      return await this.ask({ kind: "add", uid, pod }, [netns]);
    } finally {
      closeFd(netns);
    }
  }

  keep(uid: string): Promise<string> {
    return this.ask({ kind: "keep", uid });
  }

  delete(uid: string): Promise<string> {
    return this.ask({ kind: "delete", uid });
  }

  snapshotSent(): Promise<string> {
    return this.ask({ kind: "snapshotSent" });
  }

  /** Any request, with any descriptors. */
  async ask(request: ZdsRequest, fds: readonly Fd[] = []): Promise<string> {
    await this.send(encodeRequest(request), fds);
    return await this.ack();
  }

  /** Any packet, without waiting for an answer. */
  send(octets: Uint8Array, fds: readonly Fd[] = []): Promise<void> {
    return this.#socket.send(octets, fds);
  }

  /** The next answer. */
  async ack(): Promise<string> {
    const packet = await this.#socket.receive(PACKET_MAX_OCTETS);
    if (packet === undefined) throw new Error("the proxy hung up");
    return decodeAck(packet.octets);
  }

  /** Waits until the proxy has hung up. */
  async ended(): Promise<void> {
    const packet = await this.#socket.receive(PACKET_MAX_OCTETS);
    if (packet !== undefined) throw new Error("the proxy sent more");
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
