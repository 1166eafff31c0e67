import { LabError, type LabProcess } from "../lab/mod.ts";
import type { Figure } from "./figures.ts";
import type { LoadGenerator, LoadResult } from "./load.ts";
import {
  ECHO_PORT,
  type Measured,
  proxyCpuSeconds,
  serverUrl,
  type Subject,
} from "./subjects.ts";
import { measureWaypoint } from "./waypoint.ts";
import { measureRoutes } from "./waypoint_routes.ts";

export interface Settings {
  /** For HTTP/1.1. */
  readonly generator: LoadGenerator;
  /** Absent where no program makes such load. */
  readonly http2?: LoadGenerator;
  readonly grpc?: LoadGenerator;
  /** Length of one measurement. */
  readonly seconds: number;
  readonly idleConnections: number;
}

export interface Benchmark {
  readonly name: string;
  readonly about: string;
  /** Measured once on fresh proxies, before all others: nothing to warm up or repeat. */
  readonly once?: boolean;
  /** Runs when it is asked for by name, on subjects with a waypoint. */
  readonly needsWaypoint?: boolean;
  /** Runs when it is asked for by name, on subjects with the targets of lanes. */
  readonly needsLanes?: boolean;
  measure(subject: Subject, settings: Settings): Promise<Figure[]>;
}

const REQUEST_PATH = "/1k";
const HOLD_PROGRAM = new URL("./programs/hold.ts", import.meta.url).pathname;
/** Time for what a start or a burst of connections took to be given back. */
const SETTLE_MS = 6_000;

/** All of them, in the order that they run. */
export const BENCHMARKS: readonly Benchmark[] = [
  {
    name: "memory",
    about: "resident memory without and with idle connections",
    once: true,
    measure: measureMemory,
  },
  stream("stream-1", 1),
  stream("stream-8", 8),
  {
    name: "requests",
    about: "1 KiB responses, 1,000 requests a second on 4 connections",
    measure: measureRequests,
  },
  {
    name: "rate",
    about: "1 KiB responses, as many as go on 16 connections",
    measure: measureRate,
  },
  {
    name: "connections",
    about: "1 KiB responses, a new connection each, 8 at a time",
    measure: measureConnections,
  },
  {
    name: "beside-bulk",
    about: "1 KiB responses, 200 a second, beside a stream as fast as it goes",
    measure: measureBesideBulk,
  },
  {
    name: "same-node",
    about: "iperf3, requests and new connections to a pod of the same node",
    needsLanes: true,
    measure: measureSameNode,
  },
  {
    name: "passthrough",
    about: "iperf3 to an address outside of the mesh",
    needsLanes: true,
    measure: measurePassthrough,
  },
  {
    name: "waypoint",
    about: "requests to a service, straight (hairpin) and through a waypoint",
    needsWaypoint: true,
    measure: measureWaypoint,
  },
  {
    name: "waypoint-routes",
    about: "the same at 1,000 requests a second, with 5,000 routes of others",
    once: true,
    needsWaypoint: true,
    measure: measureRoutes,
  },
];

function stream(name: string, streams: number): Benchmark {
  return {
    name,
    about: `iperf3, ${streams === 1 ? "one stream" : `${streams} streams`}`,
    measure: (subject, settings) =>
      measureStream(name, streams, subject, settings),
  };
}

async function measureSameNode(
  subject: Subject,
  settings: Settings,
): Promise<Figure[]> {
  const near = { ...subject, server: subject.lanes!.near };
  return [
    ...await measureStream("same-node stream", 1, near, settings),
    ...await measureRequests(near, settings, "same-node requests"),
    ...await measureConnections(near, settings, "same-node connections"),
  ];
}

function measurePassthrough(
  subject: Subject,
  settings: Settings,
): Promise<Figure[]> {
  const outside = { ...subject, server: subject.lanes!.outside };
  return measureStream("passthrough", 1, outside, settings);
}

async function measureStream(
  benchmark: string,
  streams: number,
  subject: Measured,
  { seconds }: Settings,
): Promise<Figure[]> {
  const before = proxyCpuSeconds(subject);
  const { code, stdout } = await runStream(subject, streams, seconds);
  const cpuSeconds = proxyCpuSeconds(subject) - before;
  const { bytes, bits_per_second } = code === 0
    ? JSON.parse(stdout).end.sum_received
    : {};
  if (!(bytes > 0)) {
    throw new LabError(
      `Cannot measure "${benchmark}": iperf3 said ${stdout.slice(0, 500)}`,
    );
  }
  return [
    figure(benchmark, subject, "throughput", "Gbit/s", bits_per_second / 1e9),
    figure(benchmark, subject, "proxy CPU", "s/GB", cpuSeconds / (bytes / 1e9)),
  ];
}

async function measureRequests(
  subject: Measured,
  settings: Settings,
  name = "requests",
): Promise<Figure[]> {
  const before = proxyCpuSeconds(subject);
  const result = await load(subject, settings, {
    connections: 4,
    rate: 1_000,
    keepalive: true,
  });
  const cpuSeconds = proxyCpuSeconds(subject) - before;
  return [
    figure(name, subject, "p50", "ms", result.p50),
    figure(name, subject, "p90", "ms", result.p90),
    figure(name, subject, "p99", "ms", result.p99),
    figure(
      name,
      subject,
      "proxy CPU",
      "s/1k",
      cpuSeconds / (result.requests / 1_000),
    ),
  ];
}

async function measureRate(
  subject: Subject,
  settings: Settings,
): Promise<Figure[]> {
  const result = await load(subject, settings, {
    connections: 16,
    rate: 0,
    keepalive: true,
  });
  return [
    figure("rate", subject, "requests", "1/s", result.perSecond),
    figure("rate", subject, "p99", "ms", result.p99),
  ];
}

async function measureConnections(
  subject: Measured,
  settings: Settings,
  name = "connections",
): Promise<Figure[]> {
  const before = proxyCpuSeconds(subject);
  const result = await load(subject, settings, {
    connections: 8,
    rate: 0,
    keepalive: false,
  });
  const cpuSeconds = proxyCpuSeconds(subject) - before;
  return [
    figure(name, subject, "new", "1/s", result.perSecond),
    figure(name, subject, "p99", "ms", result.p99),
    figure(
      name,
      subject,
      "proxy CPU",
      "s/1k",
      cpuSeconds / (result.requests / 1_000),
    ),
  ];
}

/** What a small request waits for while its tunnel is full of another's octets. */
async function measureBesideBulk(
  subject: Subject,
  settings: Settings,
): Promise<Figure[]> {
  const [result, bulk] = await Promise.all([
    load(subject, settings, { connections: 2, rate: 200, keepalive: true }),
    runStream(subject, 1, settings.seconds),
  ]);
  if (bulk.code !== 0) {
    throw new LabError(
      `Cannot measure "beside-bulk": iperf3 said ${bulk.stdout.slice(0, 500)}`,
    );
  }
  return [
    figure("beside-bulk", subject, "p50", "ms", result.p50),
    figure("beside-bulk", subject, "p99", "ms", result.p99),
  ];
}

/** One run of iperf3 to the subject's server. */
function runStream(subject: Measured, streams: number, seconds: number) {
  const [target = ""] = subject.server.ips;
  return subject.lab.exec(subject.client, [
    ...["iperf3", "-c", target, "--json"],
    ...["-t", `${seconds}`, "-P", `${streams}`],
  ]);
}

function load(
  subject: Measured,
  { generator, seconds }: Settings,
  shape: { connections: number; rate: number; keepalive: boolean },
): Promise<LoadResult> {
  const url = serverUrl(subject, REQUEST_PATH);
  return generator.run(subject.lab, subject.client, { url, seconds, ...shape });
}

async function measureMemory(
  subject: Subject,
  settings: Settings,
): Promise<Figure[]> {
  if (subject.proxies.length === 0) return [];
  const count = settings.idleConnections;
  await settle();
  const idle = residentMiB(subject.proxies);
  await using _holder = await hold(subject, count);
  await settle();
  const holding = residentMiB(subject.proxies);
  const each = (holding - idle) * 1024 / count;
  return [
    figure("memory", subject, "0 connections, both nodes", "MiB", idle),
    figure(
      "memory",
      subject,
      `${count} connections, both nodes`,
      "MiB",
      holding,
    ),
    figure("memory", subject, "one more, both nodes", "KiB", each),
  ];
}

async function hold(subject: Subject, count: number): Promise<LabProcess> {
  const [target = ""] = subject.server.ips;
  const holder = subject.lab.start(subject.client, "hold", [
    ...[Deno.execPath(), "run", "--no-config", "--allow-net", HOLD_PROGRAM],
    ...[target, `${ECHO_PORT}`, `${count}`],
  ]);
  await holder.untilLog(/held/, { timeoutMs: 60_000 });
  return holder;
}

const settle = () =>
  new Promise<void>((resolve) => setTimeout(resolve, SETTLE_MS));

function residentMiB(proxies: readonly LabProcess[]): number {
  return proxies.reduce((sum, proxy) => sum + proxy.residentMiB(), 0);
}

function figure(
  benchmark: string,
  subject: Pick<Subject, "name">,
  metric: string,
  unit: string,
  value: number,
): Figure {
  return { benchmark, subject: subject.name, metric, unit, rounds: [value] };
}
