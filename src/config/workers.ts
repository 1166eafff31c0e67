import { WORKERS_MAX } from "./limits.ts";
import type { Machine } from "./machine.ts";
import type { ProxyConfig } from "./proxy_config.ts";
import { readAs, type Settings } from "./settings.ts";
import { CPU_QUANTITY, type ValueKind, wholeNumber } from "./values.ts";

/** A number of threads, or a share of the CPUs. */
type Wanted =
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "percent"; readonly percent: number };

const WANTED: ValueKind<Wanted> = {
  want: `a whole number from 0 (all CPUs) to ${WORKERS_MAX}, or 1% to 100%`,
  read(text) {
    const percent = /^(\d{1,3})%$/.exec(text)?.[1];
    if (percent === undefined) {
      const count = wholeNumber(0, WORKERS_MAX).read(text);
      return count === undefined ? undefined : { kind: "count", count };
    }
    const value = wholeNumber(1, 100).read(percent);
    return value === undefined
      ? undefined
      : { kind: "percent", percent: value };
  },
};

const ALL_CPUS = 0;
const DEFAULT_SHARE = 0.25;
const DEFAULT_MIN = 2;

/**
 * How many data-plane threads to run, by ztunnel's formula: `--workers`, else
 * `ZTUNNEL_WORKER_THREADS`, else ProxyConfig's `concurrency`, else the CPU limit,
 * else a quarter of the CPUs, never below 2 or the CPU request.
 */
export function readWorkers(
  settings: Settings,
  proxyConfig: ProxyConfig,
  machine: Machine,
): number {
  const limit = settings.read(
    "ZTUNNEL_RESOURCE_CPU_LIMIT",
    CPU_QUANTITY,
    undefined,
  );
  const cpus = Math.max(
    1,
    limit ?? settings.read("ZTUNNEL_CPU_LIMIT", CPU_QUANTITY, machine.cpus),
  );
  const request = settings.read(
    "ZTUNNEL_RESOURCE_CPU_REQUEST",
    CPU_QUANTITY,
    0,
  );
  const wanted = settings.readNamed("workers", WANTED, undefined) ??
    readAs(proxyConfig.concurrency, WANTED, undefined);
  return Math.min(
    WORKERS_MAX,
    wanted === undefined
      ? defaultThreads(limit, cpus, request)
      : wantedThreads(wanted, cpus),
  );
}

function wantedThreads(wanted: Wanted, cpus: number): number {
  if (wanted.kind === "percent") {
    return Math.max(1, Math.ceil(cpus * wanted.percent / 100));
  }
  return wanted.count === ALL_CPUS ? cpus : wanted.count;
}

function defaultThreads(
  limit: number | undefined,
  cpus: number,
  request: number,
): number {
  if (limit !== undefined) return Math.max(limit, request, 1);
  return Math.max(Math.ceil(cpus * DEFAULT_SHARE), request, DEFAULT_MIN);
}
