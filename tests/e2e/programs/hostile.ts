// A client that means no good, for tests: reads a HostileJob as JSON from its
// first argument and prints HostileNews as lines of JSON.

import { connect as connectTls, type TLSSocket } from "node:tls";
import type { Attack, HostileJob, HostileNews } from "../hostile_job.ts";
import { trickOctets } from "./hostile_frames.ts";

const RANDOM_OCTETS = 4_096;
const AT_A_TIME = 50;
const TRICKLE_MS = 1_000;
/** A TLS record that begins a ClientHello and does not end it. */
const HELLO_START = [22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3];
const FRAME_HEADER_OCTETS = 9;
const GOAWAY = 7;

const job: HostileJob = JSON.parse(Deno.args[0] ?? "");
const { attack, to } = job;
if (attack.kind === "tunnel") await attackTunnel(attack);
else await attackTcp(attack.connections, attack.kind);

function tell(news: HostileNews): void {
  console.log(JSON.stringify(news));
}

async function attackTcp(count: number, kind: "noise" | "silence") {
  const ends: (Promise<number> | number)[] = [];
  while (ends.length < count) {
    const some = Math.min(AT_A_TIME, count - ends.length);
    const opened = await Promise.all(Array.from({ length: some }, open));
    ends.push(
      ...opened.map((connection) => connection ? endOf(connection) : 0),
    );
    for (const connection of opened) {
      if (kind === "noise" && connection) await say(connection, random());
    }
    if (kind === "silence" && ends.length === some) trickle(opened[0]);
  }
  tell({ at: "open" });
  const heard = await Promise.all(ends);
  const sum = heard.reduce((total, octets) => total + octets, 0);
  tell({ at: "over", closed: heard.length, heard: sum });
  Deno.exit(0);
}

/** undefined when the server was so fast to cut it that it was never open. */
async function open(): Promise<Deno.Conn | undefined> {
  try {
    return await Deno.connect({ hostname: to.ip, port: to.port });
  } catch (reason) {
    const { ConnectionReset, NotConnected } = Deno.errors;
    const isCut = reason instanceof ConnectionReset ||
      reason instanceof NotConnected;
    if (isCut) return undefined;
    throw reason;
  }
}

/** Resolves at the connection's end with the number of octets that came before. */
async function endOf(connection: Deno.Conn): Promise<number> {
  const buffer = new Uint8Array(65_536);
  let heard = 0;
  try {
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) break;
      heard += count;
    }
  } catch {
    // A reset is an end too.
  }
  return heard;
}

async function say(connection: Deno.Conn, octets: Uint8Array): Promise<void> {
  try {
    await connection.write(octets);
  } catch {
    // The server was faster.
  }
}

/** Says one octet of a ClientHello after the other, slowly. */
async function trickle(connection: Deno.Conn | undefined): Promise<void> {
  if (connection === undefined) return;
  for (const octet of HELLO_START) {
    await say(connection, Uint8Array.of(octet));
    await new Promise((resolve) => setTimeout(resolve, TRICKLE_MS));
  }
}

function random(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(RANDOM_OCTETS));
}

async function attackTunnel(
  { tls, trick, authority }: Extract<Attack, { kind: "tunnel" }>,
): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  let heard = new Uint8Array(0);
  const socket = connectTls({
    host: to.ip,
    port: to.port,
    key: tls.keyPem,
    cert: tls.chainPem,
    ca: tls.rootsPem,
    ALPNProtocols: ["h2"],
    checkServerIdentity: () => undefined,
  });
  socket.on("secureConnect", () => {
    tell({ at: "open" });
    perform(socket, trickOctets(trick, authority), over);
  });
  socket.on("data", (octets: Uint8Array) => heard = join(heard, octets));
  socket.on("error", () => {});
  // With output waiting, the runtime says no more than this.
  socket.on("end", () => socket.destroy());
  socket.on("close", () => resolve());
  await over;
  const goAway = goAwayOf(heard);
  tell({
    at: "over",
    closed: 1,
    heard: heard.length,
    ...(goAway === undefined ? {} : { goAway }),
  });
  Deno.exit(0);
}

/** Writes as fast as the socket takes it, and stops when it is gone. */
async function perform(
  socket: TLSSocket,
  parts: Iterable<Uint8Array>,
  over: Promise<void>,
): Promise<void> {
  for (const part of parts) {
    if (socket.destroyed) return;
    if (socket.write(part)) continue;
    const drained = new Promise<void>((resolve) =>
      socket.once("drain", resolve)
    );
    await Promise.race([drained, over]);
  }
}

function goAwayOf(octets: Uint8Array): number | undefined {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  for (let at = 0; at + FRAME_HEADER_OCTETS <= octets.length;) {
    const length = view.getUint32(at) >>> 8;
    const end = at + FRAME_HEADER_OCTETS + length;
    if (view.getUint8(at + 3) === GOAWAY && end <= octets.length) {
      return view.getUint32(at + FRAME_HEADER_OCTETS + 4);
    }
    at = end;
  }
  return undefined;
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
