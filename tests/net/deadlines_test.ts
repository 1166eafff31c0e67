import assert from "node:assert/strict";
import { Deadlines } from "../../src/net/deadlines.ts";

Deno.test("Deadlines tells of waits that took too long, oldest first, and of no other", async () => {
  const deadlines = new Deadlines(20);
  const late: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const startLate = (name: string) => deadlines.start(() => late.push(name));
  startLate("first");
  const met = startLate("met");
  startLate("second");
  deadlines.start(resolve);
  met.met();
  await promise;
  assert.deepEqual(late, ["first", "second"]);
});

Deno.test("Deadlines goes on after a time without any", async () => {
  const deadlines = new Deadlines(10);
  for (let round = 0; round < 2; round++) {
    deadlines.start(() => assert.fail("it was met")).met();
    await new Promise<void>((resolve) => void deadlines.start(resolve));
  }
});

Deno.test("Deadlines tells of a wait that began while it told of another", async () => {
  const deadlines = new Deadlines(10);
  await new Promise<void>((resolve) => {
    deadlines.start(() => void deadlines.start(resolve));
  });
});
