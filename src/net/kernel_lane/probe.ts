import { createServer, type Server, type Socket } from "node:net";
import type { Ip } from "../../model/address.ts";
import { libc } from "../../sys/libc.ts";
import { withDescriptor } from "../descriptor.ts";
import { dialTcp } from "../dial.ts";
import { isDoneWithin } from "../in_time.ts";
import { TcpStream } from "../tcp_stream.ts";
import type { KernelLanes } from "./choose_lane.ts";
import { AT_ONCE, KernelLane, KernelLaneError } from "./lane.ts";
import { startLaneRelay } from "./lane_relay.ts";
import { PROBE_MS, PROBE_OCTETS } from "./limits.ts";
import { SpliceLane } from "./splice_lane.ts";

const LOOPBACK = "127.0.0.1" as Ip;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
/** So small that the kernel sends what it moves in parts. */
const SMALL_BUFFER = 32 * 1024;

/**
 * Has the kernel relay a connection of this process to itself, through buffers
 * that are too small, and looks at what arrives: kernels before 6.16 may send
 * octets twice where a part of them was sent before.
 *
 * @param limitMs Longest wait. Default {@link PROBE_MS}.
 * @throws {KernelLaneError} when it cannot, or does not do so rightly.
 */
export async function probeKernelLane(limitMs = PROBE_MS): Promise<void> {
  const kernel = new KernelLane({ pairsMax: 1, joinAfter: AT_ONCE });
  await probe({ kernel }, kernel, limitMs);
}

/**
 * Has a connection of this process to itself spliced, in the same way.
 *
 * @param limitMs Longest wait. Default {@link PROBE_MS}.
 * @throws {KernelLaneError} when it cannot be, or is not rightly.
 */
export async function probeSpliceLane(limitMs = PROBE_MS): Promise<void> {
  const splice = new SpliceLane({ spliceAfter: AT_ANY_OCTET });
  await probe({ splice }, splice, limitMs);
}

const AT_ANY_OCTET = { octets: 1, chunkOctetsMin: 0 };

/** @param lane Closed once the sample is done with it, which may be later. */
async function probe(
  lanes: KernelLanes,
  lane: Disposable,
  limitMs: number,
): Promise<void> {
  const carried = carrySample(lanes).finally(() => lane[Symbol.dispose]());
  try {
    if (await isDoneWithin(limitMs, carried)) return;
    throw new Error(`not done in ${limitMs} ms`);
  } catch (reason) {
    throw new KernelLaneError(reason);
  }
}

async function carrySample(lanes: KernelLanes): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const near = await connectedPair(stack);
  const far = await connectedPair(stack);
  withDescriptor(far.dialled, (fd) => {
    const size = new Uint8Array(Int32Array.of(SMALL_BUFFER).buffer);
    libc.setsockopt(fd, SOL_SOCKET, SO_SNDBUF, size, size.length);
  });
  const moved = Promise.withResolvers<void>();
  const relay = startLaneRelay(
    lanes,
    new TcpStream(near.accepted),
    new TcpStream(far.dialled),
    { forward() {}, backward() {}, onLane: () => moved.resolve() },
  );
  stack.defer(async () => {
    relay.cut();
    await relay.ended;
  });
  // One octet for user space: the rest is the kernel's.
  near.dialled.write(sample(0, 1));
  await moved.promise;
  near.dialled.end(sample(1, PROBE_OCTETS));
  await checkSample(far.accepted);
  far.accepted.end();
  await relay.ended;
}

interface Connection {
  readonly dialled: Socket;
  readonly accepted: Socket;
}

async function connectedPair(
  stack: AsyncDisposableStack,
): Promise<Connection> {
  const server = createServer({ allowHalfOpen: true });
  stack.defer(() => void server.close());
  const port = await listen(server);
  const accepting = new Promise<Socket>((resolve) =>
    server.once("connection", resolve)
  );
  const dialled = await dialTcp({ ip: LOOPBACK, port }, { tuning: {} });
  stack.defer(() => void dialled.destroy());
  const accepted = await accepting;
  stack.defer(() => void accepted.destroy());
  // Whoever waits sees a reset by what does not arrive: the process goes on.
  for (const socket of [dialled, accepted]) socket.on("error", () => {});
  return { dialled, accepted };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, LOOPBACK, () => {
      const address = server.address();
      if (address !== null && typeof address === "object") {
        resolve(address.port);
      } else reject(new Error("no address to listen on"));
    });
  });
}

/** Octets of which no two stretches are alike, by where they are in the whole. */
function sample(from: number, to: number): Uint8Array {
  const octets = new Uint8Array(to - from);
  for (let i = 0; i < octets.length; i++) octets[i] = octetAt(from + i);
  return octets;
}

const octetAt = (at: number): number => at ^ (at >> 8) ^ (at >> 16);

/** Resolves at the end of all octets; rejects at a wrong one. */
function checkSample(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let at = 0;
    socket.on("error", reject);
    socket.on("data", (octets: Uint8Array) => {
      for (const octet of octets) {
        if (octet !== (octetAt(at++) & 0xff)) {
          return reject(new Error(`octet ${at - 1} arrived wrong`));
        }
      }
    });
    socket.on("end", () => {
      if (at === PROBE_OCTETS) resolve();
      else reject(new Error(`${at} of ${PROBE_OCTETS} octets arrived`));
    });
  });
}
