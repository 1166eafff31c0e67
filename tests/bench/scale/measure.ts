/** What a proxy does while its control plane tells of a large mesh. */
import { LabError, type LabProcess } from "../../lab/mod.ts";
import type { Figure } from "../figures.ts";
import { ECHO_PORT } from "../subjects.ts";
import {
  type Carried,
  type FedProxy,
  type FedProxyOptions,
  preferProcessor,
  startFedProxy,
} from "./fed_proxy.ts";

/** What one run of `ping.ts` saw in a tenth of a second. */
export interface Window {
  /** Its end, milliseconds since the epoch. */
  readonly at: number;
  /** Longest round trip, milliseconds. */
  readonly longest: number;
}

const CHANGES_A_SECOND = 10;
const CHANGE_SECONDS = 10;
const REST_MS = 4_000;
/** What is told is in force in all threads at the latest then. */
const AFTERMATH_MS = 2_000;
const PING = new URL("../programs/ping.ts", import.meta.url).pathname;

/** Measures one kind of proxy with that many workloads. */
export async function measureScale(
  options: FedProxyOptions,
  workloads: number,
): Promise<Figure[]> {
  await using fed = await startFedProxy(options);
  await rest();
  const emptyMiB = fed.process.residentMiB();
  const ping = startPing(fed);
  await ping.untilLog(/running/);
  await preferProcessor(ping);
  const quiet = await during(() => rest());
  const first = await during(() => fed.order(`/load?workloads=${workloads}`));
  await rest();
  const fullMiB = fed.process.residentMiB();
  const again = await during(() => fed.order("/again"));
  await rest();
  const idle = await processorShare(fed, () => rest());
  const changes = `/change?rate=${CHANGES_A_SECOND}&seconds=${CHANGE_SECONDS}`;
  const changing = await processorShare(fed, () => fed.order(changes));
  const seen = readWindows(ping, fed.process);
  const figure = (metric: string, unit: string, value: number): Figure => ({
    benchmark: `scale ${workloads}`,
    subject: options.kind,
    metric,
    unit,
    rounds: [value],
  });
  return [
    figure("longest round trip at rest", "ms", longestIn(seen, quiet)),
    figure("first load", "s", secondsOf(first)),
    figure("longest round trip in it", "ms", longestIn(seen, first)),
    figure("full reconnect", "s", secondsOf(again)),
    figure("longest round trip in it ", "ms", longestIn(seen, again)),
    figure("memory, empty", "MiB", emptyMiB),
    figure("memory, loaded", "MiB", fullMiB),
    figure(
      "memory of a workload",
      "KiB",
      (fullMiB - emptyMiB) * 1_024 / workloads,
    ),
    figure(
      `CPU of ${CHANGES_A_SECOND} changes a second`,
      "%",
      100 * (changing - idle),
    ),
  ];
}

function startPing({ lab, client, server }: FedProxy): LabProcess {
  const [target = ""] = server.ips;
  return lab.start(client, "ping", [
    ...[Deno.execPath(), "run", "--no-config", "--allow-net", PING],
    ...[target, `${ECHO_PORT}`],
  ]);
}

/** When something began and ended, by the order's own clock where it has one. */
async function during(
  act: () => Promise<Carried | void>,
): Promise<Omit<Carried, "octets">> {
  const beganMs = Date.now();
  const carried = await act();
  return carried ?? { beganMs, endedMs: Date.now() };
}

const secondsOf = ({ beganMs, endedMs }: Omit<Carried, "octets">) =>
  (endedMs - beganMs) / 1_000;

/** Processors used meanwhile. */
async function processorShare(
  { process }: FedProxy,
  act: () => Promise<unknown>,
): Promise<number> {
  const began = performance.now();
  const before = process.cpuSeconds();
  await act();
  const seconds = (performance.now() - began) / 1_000;
  return (process.cpuSeconds() - before) / seconds;
}

function readWindows(ping: LabProcess, proxy: LabProcess): Window[] {
  if (!ping.running) {
    const why = ping.lines().findLast((line) => !line.startsWith("{"));
    throw proxy.failure(`the live connection through it was lost: ${why}`);
  }
  return ping.lines().filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
}

/**
 * The longest round trip of the windows that touch a span and what follows it
 * closely.
 *
 * @throws {LabError} when there is none.
 */
export function longestIn(
  windows: readonly Window[],
  { beganMs, endedMs }: Omit<Carried, "octets">,
): number {
  const touched = windows.filter(({ at }) =>
    at >= beganMs && at <= endedMs + AFTERMATH_MS
  );
  if (touched.length === 0) {
    throw new LabError("Cannot tell the longest round trip: none was made");
  }
  return Math.max(...touched.map(({ longest }) => longest));
}

const rest = () => new Promise<void>((resolve) => setTimeout(resolve, REST_MS));
