import assert from "node:assert/strict";
import { configOf, MACHINE, NODE } from "./support.ts";

type Row = [name: string, cpus: number, variables: object, want: number];

const LIMIT = "ZTUNNEL_RESOURCE_CPU_LIMIT";
const REQUEST = "ZTUNNEL_RESOURCE_CPU_REQUEST";
const CPUS = "ZTUNNEL_CPU_LIMIT";
const THREADS = "ZTUNNEL_WORKER_THREADS";
const five = { PROXY_CONFIG: '{"concurrency":5}' };
const all = { PROXY_CONFIG: '{"concurrency":0}' };

const rows: Row[] = [
  ["at least 2 on a small machine", 1, {}, 2],
  ["a quarter of the CPUs, rounded up", 17, {}, 5],
  ["the request when that is more", 8, { [REQUEST]: "3500m" }, 4],
  ["a quarter of the CPU count that is told", 64, { [CPUS]: "12" }, 3],
  ["the resource limit itself", 64, { [LIMIT]: "1" }, 1],
  ["the resource limit, rounded up", 64, { [LIMIT]: "1.5" }, 2],
  ["the request above the limit", 64, { [LIMIT]: "1", [REQUEST]: "3" }, 3],
  ["one thread for a limit of nothing", 8, { [LIMIT]: "0" }, 1],
  ["a number that is asked for", 64, { [THREADS]: "1" }, 1],
  ["a share, rounded up", 5, { [THREADS]: "50%" }, 3],
  ["a share of the limit", 64, { [THREADS]: "50%", [LIMIT]: "8" }, 4],
  ["one at least for a small share", 2, { [THREADS]: "1%" }, 1],
  ["all CPUs for 0", 12, { [THREADS]: "0" }, 12],
  ["concurrency", 64, five, 5],
  ["all CPUs for a concurrency of 0", 12, all, 12],
  ["the variable above concurrency", 64, { ...five, [THREADS]: "3" }, 3],
  ["256 at most", 4096, {}, 256],
];
for (const [name, cpus, variables, want] of rows) {
  Deno.test(`workers are ${name}`, () => {
    const machine = { ...MACHINE, cpus };
    assert.equal(configOf(NODE, { ...variables }, machine).workers, want);
  });
}
