import assert from "node:assert/strict";
import { EMPTY_DELTA } from "../../src/model/delta.ts";
import type { PackedDelta } from "../../src/model/packed_workload.ts";
import { PIECE_ENTRIES } from "../../src/worker/limits.ts";
import { type Order, OrderQueue } from "../../src/worker/order_queue.ts";

/** Removals of that many workloads, the first ones the numbers from 0 on. */
const change = (count: number): Order => ({
  kind: "mesh",
  delta: {
    ...EMPTY_DELTA,
    workloads: [],
    removedWorkloads: Array.from({ length: count }, (_, at) => `${at}`),
  },
});

/** A queue whose taker writes down what it is given, and whose turns are ours. */
function newQueue(onPiece: (piece: PackedDelta) => void = () => {}) {
  const done: string[] = [];
  const turns: (() => void)[] = [];
  const queue = new OrderQueue({
    applyMesh(piece) {
      done.push(...piece.removedWorkloads);
      onPiece(piece);
      // A piece takes a while: each is a turn of its own.
      const endMs = performance.now() + 2;
      while (performance.now() < endMs);
    },
    handle: (order) => void done.push(order.kind),
  }, (act) => void turns.push(act));
  return { done, turns, queue };
}

const numbers = (count: number) =>
  Array.from({ length: count }, (_, at) => `${at}`);

Deno.test("OrderQueue applies a change in pieces, and what comes behind it later", () => {
  const { done, turns, queue } = newQueue();
  queue.take(change(2 * PIECE_ENTRIES));
  queue.take({ kind: "stop", uid: "pod" });
  queue.take(change(1));
  assert.deepEqual(done, numbers(PIECE_ENTRIES));
  turns.shift()?.();
  assert.deepEqual(done, numbers(2 * PIECE_ENTRIES));
  while (turns.length > 0) turns.shift()?.();
  assert.deepEqual(done, [
    ...numbers(2 * PIECE_ENTRIES),
    ...["mesh", "stop", "0", "mesh"],
  ]);
});

Deno.test("OrderQueue answers a ping in the middle of a change", () => {
  const { done, queue } = newQueue();
  queue.take(change(2 * PIECE_ENTRIES));
  queue.take({ kind: "ping", id: 1 });
  assert.equal(done.at(-1), "ping");
});

Deno.test("OrderQueue carries out at once what nothing is in front of", () => {
  const { done, queue } = newQueue();
  queue.take({ kind: "stop", uid: "pod" });
  queue.take({ kind: "log-filter", filter: "info" });
  assert.deepEqual(done, ["stop", "log-filter"]);
});

Deno.test("OrderQueue goes on past a piece that throws", () => {
  const { done, turns, queue } = newQueue(({ removedWorkloads }) => {
    if (removedWorkloads.includes("0")) throw new Error("a fault");
  });
  assert.throws(() => queue.take(change(PIECE_ENTRIES + 1)), /a fault/);
  while (turns.length > 0) turns.shift()?.();
  assert.deepEqual(done, [...numbers(PIECE_ENTRIES + 1), "mesh"]);
});
