/** Requests to a service through node, waypoint, node, beside the way without the waypoint. */
import { LabError } from "../lab/mod.ts";
import type { Settings } from "./benchmarks.ts";
import type { Figure } from "./figures.ts";
import type { LoadGenerator, LoadResult } from "./load.ts";
import type { Subject } from "./subjects.ts";
import { WAYPOINT_PORTS, type WaypointSide } from "./waypoint_side.ts";

const BENCHMARK = "waypoint";

/** One kind of load, as fast as it goes. */
interface Shape {
  readonly name: string;
  readonly generator: LoadGenerator | undefined;
  readonly port: keyof typeof WAYPOINT_PORTS;
  readonly connections: number;
  readonly streams?: number;
}

/** All shapes of load, each on both ways. */
export async function measureWaypoint(
  subject: Subject,
  settings: Settings,
): Promise<Figure[]> {
  const side = sideOf(subject);
  const figures = [
    figure("waypoint", "memory at rest", "MiB", side.restMiB),
    ...await measureSteady(subject, side, settings),
  ];
  for (const shape of shapes(settings)) {
    figures.push(...await measureShape(subject, side, { shape, settings }));
  }
  return figures;
}

const shapes = ({ generator, http2, grpc }: Settings): readonly Shape[] => [
  ...[1, 16, 64].map((connections) => ({
    name: `HTTP/1.1 on ${connections}`,
    generator,
    port: "http" as const,
    connections,
  })),
  {
    name: "HTTP/2 on 4 by 16",
    generator: http2,
    port: "http2",
    connections: 4,
    streams: 16,
  },
  {
    name: "gRPC on 4 by 4",
    generator: grpc,
    port: "grpc",
    connections: 4,
    streams: 4,
  },
];

async function measureShape(
  subject: Subject,
  side: WaypointSide,
  { shape, settings: { seconds } }: { shape: Shape; settings: Settings },
): Promise<Figure[]> {
  const { name, generator, port, connections, streams = 1 } = shape;
  if (generator === undefined) return [];
  const run = (way: keyof Ways) =>
    generator.run(subject.lab, subject.client, {
      url: urlOf(side, way, port),
      ...{ connections, streams, seconds, rate: 0, keepalive: true },
    });
  const straight = await run("straight");
  const before = side.process.cpuSeconds();
  const fronted = await run("fronted");
  const cpuSeconds = side.process.cpuSeconds() - before;
  return [
    ...bothWays(name, { straight, fronted }),
    figure(
      "waypoint",
      `${name}: CPU`,
      "s/1k",
      perThousand(cpuSeconds, fronted),
    ),
  ];
}

/** What a load found on each of the two ways. */
interface Ways {
  readonly straight: LoadResult;
  readonly fronted: LoadResult;
}

function bothWays(name: string, ways: Ways): Figure[] {
  const rows =
    ([["hairpin", ways.straight], ["waypoint", ways.fronted]] as const)
      .map(([column, result]) => [
        figure(column, `${name}: requests`, "1/s", result.perSecond),
        figure(column, `${name}: p50`, "ms", result.p50),
        figure(column, `${name}: p99`, "ms", result.p99),
      ]);
  return rows.flat();
}

/** At a rate that both ways can carry: what the waypoint adds. */
async function measureSteady(
  subject: Subject,
  side: WaypointSide,
  settings: Settings,
): Promise<Figure[]> {
  const name = "1,000/s on 4";
  const straight = await steadyLoad(subject, side, {
    way: "straight",
    settings,
  });
  const before = side.process.cpuSeconds();
  const fronted = await steadyLoad(subject, side, { way: "fronted", settings });
  const cpuSeconds = side.process.cpuSeconds() - before;
  return [
    ...bothWays(name, { straight, fronted }),
    figure("waypoint", `${name}: added p50`, "ms", fronted.p50 - straight.p50),
    figure("waypoint", `${name}: added p99`, "ms", fronted.p99 - straight.p99),
    figure(
      "waypoint",
      `${name}: CPU`,
      "s/1k",
      perThousand(cpuSeconds, fronted),
    ),
  ];
}

/** 1,000 requests a second on 4 connections to one of the two services. */
export function steadyLoad(
  { lab, client }: Subject,
  side: WaypointSide,
  { way, settings }: { way: keyof Ways; settings: Settings },
): Promise<LoadResult> {
  const { generator, seconds } = settings;
  return generator.run(lab, client, {
    url: urlOf(side, way, "http"),
    ...{ connections: 4, rate: 1_000, seconds, keepalive: true },
  });
}

/** @throws {LabError} when the subject has no waypoint. */
export function sideOf({ name, waypoint }: Subject): WaypointSide {
  if (waypoint !== undefined) return waypoint;
  throw new LabError(`Cannot measure "${name}": it has no waypoint`);
}

function urlOf(
  side: WaypointSide,
  way: keyof Ways,
  port: keyof typeof WAYPOINT_PORTS,
): string {
  const target = `${side[way].vips[0]}:${WAYPOINT_PORTS[port]}`;
  return port === "grpc" ? target : `http://${target}/1k`;
}

const perThousand = (seconds: number, { requests }: LoadResult) =>
  seconds / (requests / 1_000);

const figure = (
  subject: string,
  metric: string,
  unit: string,
  value: number,
): Figure => ({ benchmark: BENCHMARK, subject, metric, unit, rounds: [value] });
