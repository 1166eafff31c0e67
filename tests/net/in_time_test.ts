import assert from "node:assert/strict";
import { inTime } from "../../src/net/in_time.ts";

const never = () => assert.fail("was not late");

Deno.test("inTime() gives what came in time", async () => {
  assert.equal(await inTime(Promise.resolve(1), 60_000, never), 1);
});

Deno.test("inTime() passes a failure in time", async () => {
  const work = Promise.reject(new Error("no"));
  await assert.rejects(inTime(work, 60_000, never), /no/);
});

Deno.test("inTime() hands over what came too late", async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  const late = Promise.withResolvers<number>();
  assert.equal(await inTime(promise, 1, late.resolve), undefined);
  resolve(2);
  assert.equal(await late.promise, 2);
});

Deno.test("inTime() drops a failure that came too late", async () => {
  const { promise, reject } = Promise.withResolvers<number>();
  assert.equal(await inTime(promise, 1, never), undefined);
  reject(new Error("late"));
  await new Promise((resolve) => setTimeout(resolve, 0));
});
