import assert from "node:assert/strict";
import { systemClock } from "../../src/control/system_clock.ts";

Deno.test("systemClock.setTimer() fires later, never within the call", async () => {
  const fired = Promise.withResolvers<void>();
  let returned = false;
  systemClock.setTimer(0, () => {
    assert.ok(returned);
    fired.resolve();
  });
  returned = true;
  await fired.promise;
});

Deno.test("systemClock.setTimer() keeps a delay beyond setTimeout's own", async () => {
  const cancel = systemClock.setTimer(2 ** 31 + 1, () => assert.fail("fired"));
  await new Promise((resolve) => setTimeout(resolve, 5));
  cancel();
});
