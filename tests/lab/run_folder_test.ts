import assert from "node:assert/strict";
import { parseRunName } from "./run_folder.ts";
import {
  isAlive,
  parseProcessStat,
  parseResidentKiB,
  readProcessStat,
} from "./proc_stat.ts";

const STAT = "77 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 1 0 4242 0 0";

Deno.test("parseRunName() reads prefix, owner and start time back", () => {
  assert.deepEqual(parseRunName("hp-0a1b.77.4242"), {
    prefix: "hp-0a1b",
    pid: 77,
    startTicks: 4242,
  });
});

for (
  const name of [
    "",
    "hp-0a1b",
    "hp-0a1b.77",
    "other-0a1b.77.4242",
    "hp-0a1b.77.4242.5",
  ]
) {
  Deno.test(`parseRunName() takes "${name}" for a stranger's folder`, () => {
    assert.equal(parseRunName(name), undefined);
  });
}

Deno.test("parseProcessStat() counts fields after a name with parentheses", () => {
  assert.deepEqual(parseProcessStat(STAT), {
    state: "S",
    startTicks: 4242,
    cpuTicks: 200,
  });
});

Deno.test("parseProcessStat() refuses a text that is cut short", () => {
  assert.equal(parseProcessStat("77 (a) S 1 2"), undefined);
});

Deno.test("parseResidentKiB() finds the resident set", () => {
  assert.equal(
    parseResidentKiB("Name:\ta\nVmRSS:\t  2048 kB\nThreads:\t1\n"),
    2048,
  );
  assert.equal(parseResidentKiB("Name:\tkthreadd\n"), 0);
});

Deno.test("isAlive() tells a process from a later one with its id", () => {
  const own = readProcessStat(Deno.pid)?.startTicks ?? 0;
  assert.equal(isAlive(Deno.pid, own), true);
  assert.equal(isAlive(Deno.pid, own + 1), false);
});
