/** Much data, many connections, and a reader that does not keep up. */
import assert from "node:assert/strict";
import { type Place, startIperfServer } from "../lab/mod.ts";
import { Growth } from "./calls.ts";
import { callPeer, startPeer, startPeerServer } from "./peers.ts";
import {
  ECHO_PORT,
  eventually,
  HTTP_PORT,
  type Mesh,
  shareMesh,
} from "./support.ts";

const meshTest = shareMesh();

const MIB = 1 << 20;
const GIB = 1 << 30;
const HOLD_PROGRAM =
  new URL("../bench/programs/hold.ts", import.meta.url).pathname;
const PARALLEL = 1_000;
const SEQUENTIAL = 200;
/** What a proxy may hold of one connection, its runtime's slack included. */
const RESIDENT_GROWTH_MAX_MIB = 64;
const STEADY_SAMPLES = 5;
const SAMPLE_MS = 200;

interface Way {
  readonly name: string;
  readonly octets: number;
  parties(
    mesh: Mesh,
  ): [client: Place, server: Place & { ips: readonly string[] }];
}

const WAYS: readonly Way[] = [
  {
    name: "1 GiB each way over the tunnel",
    octets: GIB,
    parties: ({ sleep, echo }) => [sleep, echo],
  },
  {
    name: "256 MiB each way over the local lane",
    octets: GIB / 4,
    parties: ({ sleep, notsleep }) => [sleep, notsleep],
  },
  {
    name: "256 MiB each way to an outsider",
    octets: GIB / 4,
    parties: ({ lab, sleep }) => [sleep, lab.outsider],
  },
  {
    name: "256 MiB each way from an outsider",
    octets: GIB / 4,
    parties: ({ lab, echo }) => [lab.outsider, echo],
  },
];

for (const [at, { name, octets, parties }] of WAYS.entries()) {
  meshTest(`${name} arrive whole`, async (mesh) => {
    const [client, server] = parties(mesh);
    const port = 9300 + at;
    const bulk = `fill=${octets}`;
    await using listener = await startPeerServer(mesh.lab, server, port, [
      ...["readall", bulk, "end"],
    ]);
    const to = { ip: server.ips[0] ?? "", port };
    const here = await callPeer(mesh.lab, client, to, [bulk, "end", "readall"]);
    const there = await listener.report();
    assert.equal(there.received, octets);
    assert.equal(there.receivedDigest, here.sentDigest);
    assert.equal(here.received, octets);
    assert.equal(here.receivedDigest, there.sentDigest);
  });
}

meshTest(
  "iperf3 runs both ways at once over several connections",
  async (mesh) => {
    const { lab, sleep, echo } = mesh;
    await using _server = await startIperfServer(lab, echo);
    const { code, stdout } = await lab.exec(sleep, [
      ...["iperf3", "-J", "-c", echo.ips[0] ?? "", "-t", "1", "-P", "4"],
      "--bidir",
    ]);
    assert.equal(code, 0, stdout);
    const { end } = JSON.parse(stdout);
    assert.ok(end.sum_received.bytes > MIB, stdout);
    assert.ok(end.sum_received_bidir_reverse.bytes > MIB, stdout);
  },
);

meshTest(
  "a reader that sleeps stops its peer, and not in the proxies' memory",
  async (mesh) => {
    const { lab, sleep, echo } = mesh;
    const port = 9310;
    const go = `${lab.folder}/go-reader`;
    await using reader = await startPeerServer(lab, echo, port, [
      ...["read=1", "say=asleep", `until=${go}`, "reset"],
    ]);
    const before = mesh.proxies.map(({ process }) => process.residentMiB());
    const growth = await Growth.watch(mesh.client);
    const to = { ip: echo.ips[0] ?? "", port };
    await using _writer = startPeer(lab, sleep, to, [`fill=${GIB}`]);
    await reader.untilSaid("asleep");
    const taken = await untilSteady(() =>
      growth.of("istio_tcp_received_bytes_total", {
        destination_workload: "echo",
      })
    );
    assert.ok(taken < GIB / 4, `${taken} octets taken in`);
    for (const [at, { process }] of mesh.proxies.entries()) {
      const grown = process.residentMiB() - before[at]!;
      assert.ok(
        grown < RESIDENT_GROWTH_MAX_MIB,
        `${process.name}: ${grown} MiB`,
      );
    }
    // The tunnel is not held up for others by the one that sleeps.
    const other = await mesh.get(sleep, mesh.urlOf(mesh.httpbin));
    assert.equal(other.status, 200);
    await Deno.writeTextFile(go, "");
    await reader.report();
  },
);

meshTest(
  `${PARALLEL} connections at once share a few tunnels`,
  async (mesh) => {
    const { lab, sleep, echo, client, server } = mesh;
    const hold = lab.start(sleep, "hold", [
      ...[Deno.execPath(), "run", "--no-config", "-N", HOLD_PROGRAM],
      ...[echo.ips[0] ?? "", `${ECHO_PORT}`, `${PARALLEL}`],
    ]);
    await hold.untilLog(new RegExp(`held ${PARALLEL}`), { timeoutMs: 60_000 });
    const open = (await client.configDump()).workloadState[sleep.uid];
    assert.equal(open?.connections?.outbound.length, PARALLEL);
    const filter = ["ss", "-Hnt", "state", "established", "dport = :15008"];
    const { stdout } = await lab.exec(sleep, [...filter, "dst", echo.ips[0]!]);
    const tunnels = stdout.trim().split("\n").length;
    assert.ok(tunnels >= 10 && tunnels <= 20, `${tunnels} tunnels`);
    await hold.stop();
    for (const [proxy, pod] of [[client, sleep], [server, echo]] as const) {
      await eventually(`nothing left of it at ${pod.name}`, async () => {
        const rows = (await proxy.configDump()).workloadState[pod.uid];
        const { inbound, outbound } = rows!.connections!;
        return inbound.length + outbound.length === 0;
      });
    }
  },
);

meshTest(
  `${SEQUENTIAL} connections one after the other are all answered, and counted`,
  async (mesh) => {
    const { lab, sleep, httpbin } = mesh;
    const growth = await Growth.watch(mesh.client);
    const url = `http://${httpbin.ips[0]}:${HTTP_PORT}/?[1-${SEQUENTIAL}]`;
    const { code, stdout } = await lab.exec(sleep, [
      ...["curl", "-s", "-H", "Connection: close", "-o", "/dev/null"],
      ...["-w", "%{http_code} %{num_connects}\\n", url],
    ]);
    assert.equal(code, 0);
    const lines = stdout.trim().split("\n");
    assert.deepEqual(new Set(lines), new Set(["200 1"]));
    assert.equal(lines.length, SEQUENTIAL);
    const labels = { destination_workload: "httpbin", response_flags: "-" };
    const name = "istio_tcp_connections_closed_total";
    await growth.until(name, labels, SEQUENTIAL);
  },
);

/** The value once it has stood still for a second. */
async function untilSteady(read: () => Promise<number>): Promise<number> {
  let last = -1;
  for (let same = 0; same < STEADY_SAMPLES;) {
    const value = await read();
    same = value === last && value > 0 ? same + 1 : 0;
    last = value;
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
  }
  return last;
}
