// One end of TCP connections that follows a script, for tests:
//
//   peer.ts listen PORT STEP...        every connection by the script
//   peer.ts connect HOST PORT STEP...  one connection, and the end; with
//                                      times=N as the first step as many at once
//
//   send=TEXT    writes it          fill=OCTETS   writes that much, made up
//   read=OCTETS  reads so much      readall       reads until the peer's end
//   end          ends its own half  reset         breaks off (RST)
//   wait=MS      sleeps             until=PATH    waits for a file
//   say=WORD     prints it
//
// Each connection leaves one line of JSON, see `PeerReport` in tests/e2e/peers.ts.

import { createHash } from "node:crypto";
import { connect, createServer, type Socket } from "node:net";
import { once } from "node:events";

const BLOCK_OCTETS = 64 * 1024;
const KEPT_OCTETS = 64;
const POLL_MS = 20;

/** Written octets are not all alike: a lost or swapped block changes the digest. */
const block = new Uint8Array(BLOCK_OCTETS).map((_, at) => at * 31 + (at >> 8));

class Peer {
  readonly #socket: Socket;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #received = createHash("sha256");
  readonly #sent = createHash("sha256");
  #head = new Uint8Array(0);
  #left = new Uint8Array(0);
  #counts = { received: 0, sent: 0 };
  #end: "open" | "end" | "reset" = "open";
  #error: string | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#chunks = socket.iterator({ destroyOnReturn: false });
    socket.setNoDelay(true);
    socket.on("error", (reason: Error & { code?: string }) => {
      this.#error ??= reason.code ?? reason.message;
      this.#end = "reset";
    });
  }

  async run(steps: readonly string[]): Promise<void> {
    try {
      for (const step of steps) await this.#do(step);
    } catch (reason) {
      const { code, message } = reason as Error & { code?: string };
      this.#error ??= code ?? message;
    }
    this.#socket.destroySoon();
  }

  /** @param ports where the connection was, taken while it was open. */
  report(ports: object): string {
    return JSON.stringify({
      ...ports,
      ...this.#counts,
      text: new TextDecoder().decode(this.#head),
      receivedDigest: this.#received.digest("hex"),
      sentDigest: this.#sent.digest("hex"),
      end: this.#end,
      ...(this.#error === undefined ? {} : { error: this.#error }),
    });
  }

  async #do(step: string): Promise<void> {
    const [name, ...rest] = step.split("=");
    const value = rest.join("=");
    switch (name) {
      case "send":
        return await this.#write(new TextEncoder().encode(value));
      case "fill":
        return await this.#fill(Number(value));
      case "read":
        return await this.#read(Number(value));
      case "readall":
        return await this.#read(Infinity);
      case "end":
        this.#socket.end();
        return;
      case "reset":
        this.#socket.resetAndDestroy();
        return;
      case "wait":
        return await sleep(Number(value));
      case "until":
        return await untilFile(value);
      case "say":
        return console.log(value);
      default:
        throw new Error(`no such step: ${step}`);
    }
  }

  async #fill(octets: number): Promise<void> {
    const made = block.slice();
    const stamp = new DataView(made.buffer);
    for (let at = 0; at < octets; at += BLOCK_OCTETS) {
      stamp.setUint32(0, at / BLOCK_OCTETS);
      // A copy, since what is queued must not change under the socket.
      await this.#write(made.slice(0, Math.min(BLOCK_OCTETS, octets - at)));
    }
  }

  async #write(octets: Uint8Array): Promise<void> {
    if (this.#end === "reset") throw new Error(this.#error);
    this.#sent.update(octets);
    this.#counts.sent += octets.length;
    if (!this.#socket.write(octets)) await this.#drained();
  }

  async #drained(): Promise<void> {
    const closed = new AbortController();
    const { signal } = closed;
    try {
      await Promise.race([
        once(this.#socket, "drain", { signal }),
        once(this.#socket, "close", { signal }),
      ]);
    } finally {
      closed.abort();
    }
  }

  async #read(octets: number): Promise<void> {
    let wanted = octets;
    while (wanted > 0) {
      const chunk = await this.#next();
      if (chunk === undefined) return;
      const taken = chunk.subarray(0, Math.min(wanted, chunk.length));
      this.#left = chunk.slice(taken.length);
      this.#take(taken);
      wanted -= taken.length;
    }
  }

  async #next(): Promise<Uint8Array | undefined> {
    if (this.#left.length > 0) return this.#left;
    const { value, done } = await this.#chunks.next();
    if (!done) return value;
    if (this.#end === "open") this.#end = "end";
    return undefined;
  }

  #take(octets: Uint8Array): void {
    this.#received.update(octets);
    this.#counts.received += octets.length;
    const room = KEPT_OCTETS - this.#head.length;
    if (room <= 0) return;
    this.#head = Uint8Array.from([...this.#head, ...octets.subarray(0, room)]);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function untilFile(path: string): Promise<void> {
  while (true) {
    try {
      await Deno.stat(path);
      return;
    } catch {
      await sleep(POLL_MS);
    }
  }
}

async function serve(socket: Socket, steps: readonly string[]): Promise<void> {
  const peer = new Peer(socket);
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  await peer.run(steps);
  console.log(
    peer.report({ localAddress, localPort, remoteAddress, remotePort }),
  );
}

const [role, ...args] = Deno.args;
if (role === "listen") {
  const [port = "", ...steps] = args;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    serve(socket, steps);
  });
  server.listen({ port: Number(port), host: "::", backlog: 1024 }, () => {
    console.log(`listening on ${port}`);
  });
} else {
  const [host = "", port = "", ...steps] = args;
  const times = /^times=(\d+)$/.exec(steps[0] ?? "")?.[1];
  if (times !== undefined) steps.shift();
  const call = () => callOnce({ host, port: Number(port) }, steps);
  await Promise.all(Array.from({ length: Number(times ?? 1) }, call));
  Deno.exit(0);
}

async function callOnce(
  to: { readonly host: string; readonly port: number },
  steps: readonly string[],
): Promise<void> {
  const socket = connect({ ...to, allowHalfOpen: true });
  try {
    await once(socket, "connect");
    await serve(socket, steps);
  } catch (reason) {
    const error = (reason as { code?: string }).code ?? `${reason}`;
    // It was there, and was reset before the runtime could tell of it.
    const wasReset = error === "ECONNRESET";
    const report = wasReset
      ? { end: "reset", sent: 0, received: 0, text: "", error }
      : { end: "refused", error };
    console.log(JSON.stringify(report));
  }
}
