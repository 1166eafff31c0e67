import assert from "node:assert/strict";
import { QuietHeap, QuietProcess } from "../../src/worker/memory_keeper.ts";

const MIB = 1024 * 1024;

/** What each look finds, in MiB and milliseconds, and whether a collection is due. */
type Row = [held: number, used: number, cpuMs: number, due: boolean];

const rows: [name: string, looks: Row[]][] = [
  ["after a start, once it has been quiet for a while", [
    [20, 10, 500, false],
    [20, 12, 900, false],
    [20, 12.1, 902, false],
    [20, 12.1, 904, true],
  ]],
  ["not during work, however large it is", [
    [30, 10, 100, false],
    [60, 20, 200, false],
    [60, 30, 300, false],
    [60, 40, 400, false],
  ]],
  ["not while connections talk", [
    [30, 20, 100, false],
    [30, 20, 120, false],
    [30, 20, 140, false],
  ]],
  ["not in a short pause", [
    [30, 20, 100, false],
    [30, 20, 102, false],
    [30, 20, 200, false],
    [30, 20, 202, false],
  ]],
  ["not while little by little comes", [
    [30, 20, 100, false],
    [30, 20.5, 102, false],
    [30, 21, 104, false],
  ]],
  ["not for a heap that would take long", [
    [90, 60, 100, false],
    [90, 60, 101, false],
    [90, 60, 102, false],
  ]],
];

for (const [name, looks] of rows) {
  Deno.test(`QuietHeap asks for a collection ${name}`, () => {
    const heap = new QuietHeap(48 * MIB);
    const due = looks.map(([held, used, cpuMs]) =>
      heap.isDue(lookOf(held, used, cpuMs))
    );
    assert.deepEqual(due, looks.map((look) => look[3]));
  });
}

Deno.test("QuietHeap asks again only when the heap has grown since", () => {
  const heap = new QuietHeap(48 * MIB);
  const isDue = (held: number) =>
    [1, 2, 3].map(() => heap.isDue(lookOf(held, 7, 0))).at(-1);
  assert.equal(isDue(20), true);
  heap.collected(lookOf(8, 7, 0));
  assert.equal(isDue(9), false);
  assert.equal(isDue(30), true);
});

const lookOf = (held: number, used: number, cpuMs: number) => ({
  held: held * MIB,
  used: used * MIB,
  cpuMs,
});

Deno.test("QuietProcess is so when no thread has worked for a while", () => {
  const all = new QuietProcess();
  const cpuMs = [500, 900, 905, 910, 915, 1_000, 1_005, 1_010];
  assert.deepEqual(
    cpuMs.map((so) => all.isQuiet(so)),
    [false, false, false, true, true, false, false, true],
  );
});
