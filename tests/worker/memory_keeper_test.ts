import assert from "node:assert/strict";
import { QuietHeap } from "../../src/worker/memory_keeper.ts";

const MIB = 1024 * 1024;

/** What each look finds, in MiB, and whether a collection is due. */
type Look = [held: number, used: number, allocated: number, due: boolean];

const rows: [name: string, looks: Look[]][] = [
  ["after a start, once little comes any more", [
    [20, 10, 30, false],
    [20, 12, 32, false],
    [20, 12.1, 34, true],
  ]],
  ["not during work, however large it is", [
    [30, 10, 10, false],
    [30, 20, 20, false],
    [60, 40, 40, false],
  ]],
  ["not when work and a collection make up for each other", [
    [30, 20, 10, false],
    [30, 20, 40, false],
  ]],
  ["not while little by little comes", [
    [30, 20, 10, false],
    [30, 20.5, 10.5, false],
  ]],
  ["not for a heap that would take long", [
    [90, 60, 10, false],
    [90, 60, 10, false],
  ]],
];

for (const [name, looks] of rows) {
  Deno.test(`QuietHeap asks for a collection ${name}`, () => {
    const heap = new QuietHeap(48 * MIB);
    const due = looks.map(([held, used, allocated]) =>
      heap.isDue(stateOf(held, used, allocated))
    );
    assert.deepEqual(due, looks.map((look) => look[3]));
  });
}

Deno.test("QuietHeap asks again only when the heap has grown since", () => {
  const heap = new QuietHeap(48 * MIB);
  heap.isDue(stateOf(20, 10, 10));
  heap.collected(stateOf(8, 7, 10));
  assert.equal(heap.isDue(stateOf(9, 7.1, 11)), false);
  assert.equal(heap.isDue(stateOf(40, 30, 60)), false);
  assert.equal(heap.isDue(stateOf(40, 30.1, 61)), true);
});

const stateOf = (held: number, used: number, allocated: number) => ({
  held: held * MIB,
  used: used * MIB,
  allocated: allocated * MIB,
});
