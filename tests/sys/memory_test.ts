import assert from "node:assert/strict";
import { collectGarbage, readHeap, threadCpuMs } from "../../src/sys/memory.ts";

const MIB = 1024 * 1024;

Deno.test("collectGarbage() gives back what garbage took", () => {
  const garbage = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ at, text: `text ${at}` }));
  assert.equal(garbage(200_000).length, 200_000);
  const littered = readHeap();
  collectGarbage();
  const after = readHeap();
  assert.ok(littered.held - after.held > 4 * MIB, `still ${after.held}`);
});

Deno.test("readHeap() holds no less than it uses", () => {
  const { held, used } = readHeap();
  assert.ok(used > 0 && held >= used);
});

Deno.test("threadCpuMs() grows with work", () => {
  const before = threadCpuMs();
  while (threadCpuMs() - before < 5);
  const after = threadCpuMs();
  assert.ok(after - before >= 5 && before > 0, `${before} to ${after}`);
});
