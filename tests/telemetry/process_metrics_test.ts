import { deepEqual, equal } from "node:assert/strict";
import { HairpinMetrics } from "../../src/telemetry/hairpin_metrics.ts";
import { Registry, renderOpenMetrics } from "../../src/telemetry/metrics.ts";
import {
  parseCpuSeconds,
  parseMemoryBytes,
  parseOpenFilesLimit,
  PodMetrics,
  registerBuild,
  registerProcess,
  WorkerMetrics,
} from "../../src/telemetry/process_metrics.ts";

const LIMITS =
  `Limit                     Soft Limit           Hard Limit           Units
Max processes             63432                63432                processes
Max open files            1024                 524288               files
`;

const samples = (registry: Registry) =>
  renderOpenMetrics(registry.snapshot()).split("\n").filter((line) =>
    line !== "" && !line.startsWith("#")
  );

Deno.test("registerProcess() reads /proc anew for every snapshot", () => {
  const registry = new Registry();
  let open = 9;
  registerProcess(registry, {
    countOpenFds: () => open++,
    readText: (path) => path === "/proc/self/limits" ? LIMITS : "",
  });
  registry.snapshot();
  deepEqual(samples(registry), ["process_open_fds 10", "process_max_fds 1024"]);
});

const STAT = "7 (a (b) c) S 1 7 7 0 -1 4194304 90 0 1 0 250 125 0 0 20 0 9 0 " +
  "1 99999 300 1";
const STATUS = "Name:\tdeno\nVmSize:\t    2048 kB\nVmRSS:\t  1024 kB\n";

Deno.test("registerProcess() tells processor time and memory", () => {
  const registry = new Registry();
  const files: Readonly<Record<string, string>> = {
    "/proc/self/stat": STAT,
    "/proc/self/status": STATUS,
  };
  registerProcess(registry, {
    countOpenFds: () => 3,
    readText: (path) => files[path] ?? "",
  });
  deepEqual(samples(registry), [
    "process_open_fds 3",
    "process_cpu_seconds_total 3.75",
    "process_resident_memory_bytes 1048576",
    "process_virtual_memory_bytes 2097152",
  ]);
});

Deno.test("parseCpuSeconds() and parseMemoryBytes() find nothing in other texts", () => {
  for (const text of ["", "7 (deno) S 1", "VmRSS: lots"]) {
    equal(parseCpuSeconds(text), undefined);
    equal(parseMemoryBytes(text, "VmRSS"), undefined);
  }
});

Deno.test("registerProcess() shows nothing where there is no /proc", () => {
  const registry = new Registry();
  const absent = () => {
    throw new Error("No such file");
  };
  registerProcess(registry, { countOpenFds: absent, readText: absent });
  deepEqual(samples(registry), []);
});

const limits: [text: string, limit: number | undefined][] = [
  [LIMITS, 1024],
  [
    "Max open files            unlimited            unlimited    files\n",
    Infinity,
  ],
  [
    "Max cpu time              unlimited            unlimited    seconds\n",
    undefined,
  ],
];
for (const [text, limit] of limits) {
  Deno.test(`parseOpenFilesLimit() finds ${limit}`, () => {
    equal(parseOpenFilesLimit(text), limit);
  });
}

Deno.test("registerBuild() names component and tag", () => {
  const registry = new Registry();
  registerBuild(registry, { component: "ztunnel", tag: "1.30.0" });
  deepEqual(samples(registry), [
    'istio_build{component="ztunnel",tag="1.30.0"} 1',
  ]);
});

Deno.test("PodMetrics uses ztunnel's names", () => {
  const registry = new Registry();
  const pods = new PodMetrics(registry);
  pods.started.value += 2;
  pods.active.value += 1;
  deepEqual(samples(registry), [
    "workload_manager_active_proxy_count 1",
    "workload_manager_pending_proxy_count 0",
    "workload_manager_proxies_started_total 2",
    "workload_manager_proxies_stopped_total 0",
  ]);
});

Deno.test("WorkerMetrics shows how late a thread is", () => {
  const registry = new Registry();
  const worker = new WorkerMetrics(registry, "worker-0");
  worker.connections.value += 3;
  worker.observe(-0.5, 100);
  worker.observe(2, 200);
  const lines = samples(registry);
  equal(lines[0], 'hairpin_worker_threads{worker="worker-0"} 1');
  equal(lines[1], 'hairpin_worker_connections{worker="worker-0"} 3');
  equal(
    lines.at(-3),
    'hairpin_worker_event_loop_delay_seconds_sum{worker="worker-0"} 2',
  );
  equal(lines.at(-1), 'hairpin_worker_heap_bytes{worker="worker-0"} 200');
});

Deno.test("HairpinMetrics counts what ztunnel has no name for", () => {
  const registry = new Registry();
  const metrics = new HairpinMetrics(registry);
  metrics.dryRun("shop/x", "deny", "match").value++;
  metrics.lane("local").value++;
  metrics.bypass("reject").value++;
  metrics.waypointUnreachable("closed").value++;
  deepEqual(samples(registry), [
    'hairpin_authorization_dry_run_total{policy="shop/x",action="deny",outcome="match"} 1',
    'hairpin_connections_lane_total{lane="local"} 1',
    'hairpin_waypoint_bypass_total{action="reject"} 1',
    'hairpin_waypoint_unreachable_total{outcome="closed"} 1',
  ]);
});
