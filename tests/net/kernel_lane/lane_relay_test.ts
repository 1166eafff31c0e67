import assert from "node:assert/strict";
import {
  KernelLane,
  type KernelLanes,
  type LaneName,
  SpliceLane,
  startLaneRelay,
} from "../../../src/net/kernel_lane/mod.ts";
import { TcpStream } from "../../../src/net/tcp_stream.ts";
import {
  quiet,
  relayed,
  relaySuite,
  tcpLink,
} from "../../suites/relay_suite.ts";

const kernelAfter = (chunks: number) => ({
  kernel: new KernelLane({
    pairsMax: 64,
    joinAfter: { chunks, chunkOctetsMax: Infinity },
  }),
});

const spliceAfter = (octets: number, pipesMax: number) => ({
  splice: new SpliceLane({
    pipesMax,
    spliceAfter: { octets, chunkOctetsMin: 0 },
  }),
});

/** For all tests: a lane lasts as long as a worker does. */
const all: Readonly<Record<string, KernelLanes>> = {
  "by the kernel at once": kernelAfter(1),
  "by the kernel after 3 chunks": kernelAfter(3),
  "spliced at once": spliceAfter(1, 256),
  "spliced after 1 MiB": spliceAfter(1 << 20, 256),
  "spliced without a pipe": spliceAfter(1, 0),
};
const joined: LaneName[] = [];

const kind = (lanes: KernelLanes) => ({
  links: [tcpLink, tcpLink] as const,
  start: (
    a: unknown,
    b: unknown,
    meter: { forward(n: number): void; backward(n: number): void },
  ) => {
    const laneMeter = {
      forward: (octets: number) => meter.forward(octets),
      backward: (octets: number) => meter.backward(octets),
      onLane: (name: LaneName) => void joined.push(name),
    };
    assert.ok(a instanceof TcpStream && b instanceof TcpStream);
    return startLaneRelay(lanes, a, b, laneMeter);
  },
  count: () => lanes.kernel?.count(),
});

for (const [name, lanes] of Object.entries(all)) {
  relaySuite({ ...kind(lanes), name });
}

Deno.test("startLaneRelay() hands over to the kernel and leaves nothing behind", async () => {
  joined.length = 0;
  const { kernel } = kernelAfter(1);
  using _kernel = kernel;
  await using r = await relayed({ ...kind({ kernel }), name: "" });
  r.toServer.write(new Uint8Array(100));
  await r.server.until(() => r.server.length === 100);
  while (kernel.countSockets() < 4) await quiet();
  assert.deepEqual(joined, ["kernel"]);
  r.toServer.write(new Uint8Array(100));
  await r.server.until(() => r.server.length === 200);
  kernel.count();
  assert.equal(r.meter.forwarded, 200);
  r.toServer.end();
  r.toClient.end();
  assert.deepEqual(await r.relay.ended, { how: "complete" });
  assert.deepEqual([kernel.size, kernel.countSockets()], [0, 0]);
});
