import assert from "node:assert/strict";
import { threadCpuMs } from "../../src/sys/memory.ts";
import { threadWantedMs } from "../../src/sys/thread.ts";

Deno.test("threadWantedMs() grows with work, and not with rest", async () => {
  const before = threadWantedMs();
  const ran = threadCpuMs();
  while (threadCpuMs() - ran < 50);
  const worked = threadWantedMs() - before;
  assert.ok(worked >= 40, `${worked}`); // told by the kernel once a tick
  const rested = threadWantedMs();
  const since = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 500));
  const share = (threadWantedMs() - rested) / (performance.now() - since);
  assert.ok(share < 1, `${share}`);
});
