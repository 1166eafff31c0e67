import assert from "node:assert/strict";
import {
  AT_ONCE,
  KernelLane,
  startLaneRelay,
} from "../../../src/net/kernel_lane/mod.ts";
import { TcpStream } from "../../../src/net/tcp_stream.ts";
import {
  quiet,
  relayed,
  relaySuite,
  tcpLink,
} from "../../suites/relay_suite.ts";

/** For all tests: a lane lasts as long as a worker does. */
const lanes = {
  "at once": new KernelLane({ pairsMax: 64, joinAfter: AT_ONCE }),
  "after 3 chunks": new KernelLane({
    pairsMax: 64,
    joinAfter: { chunks: 3, chunkOctetsMax: Infinity },
  }),
};
let joined = 0;

const kernel = (lane: KernelLane) => ({
  links: [tcpLink, tcpLink] as const,
  start: (
    a: unknown,
    b: unknown,
    meter: { forward(n: number): void; backward(n: number): void },
  ) => {
    const laneMeter = {
      forward: (octets: number) => meter.forward(octets),
      backward: (octets: number) => meter.backward(octets),
      onKernel: () => void joined++,
    };
    assert.ok(a instanceof TcpStream && b instanceof TcpStream);
    return startLaneRelay(lane, a, b, laneMeter);
  },
  count: () => lane.count(),
});

for (const [when, lane] of Object.entries(lanes)) {
  relaySuite({ ...kernel(lane), name: `by the kernel ${when}` });
}

Deno.test("startLaneRelay() hands over to the kernel and leaves nothing behind", async () => {
  const before = joined;
  const lane = lanes["at once"];
  await using r = await relayed({ ...kernel(lane), name: "" });
  r.toServer.write(new Uint8Array(100));
  await r.server.until(() => r.server.length === 100);
  while (lane.countSockets() < 4) await quiet();
  assert.equal(joined, before + 1);
  r.toServer.write(new Uint8Array(100));
  await r.server.until(() => r.server.length === 200);
  lane.count();
  assert.equal(r.meter.forwarded, 200);
  r.toServer.end();
  r.toClient.end();
  assert.deepEqual(await r.relay.ended, { how: "complete" });
  assert.deepEqual([lane.size, lane.countSockets()], [0, 0]);
});
