import assert from "node:assert/strict";
import { outliveSurprises } from "../../src/modes/surprises.ts";
import { createLogging } from "../../src/telemetry/log.ts";

Deno.test("outliveSurprises() says what nobody caught, and goes on", async () => {
  const said: string[] = [];
  const logging = createLogging({
    format: "plain",
    filter: "info",
    write: (text) => said.push(text),
    now: () => new Date(0),
  });
  using _ = outliveSurprises(logging.scope("app"));
  void Promise.reject(new Error("one"));
  setTimeout(() => {
    throw new Error("two");
  }, 0);
  while (said.length < 2) await new Promise((r) => setTimeout(r, 5));
  assert.match(said.join(""), /unhandled rejection\terror="one"/);
  assert.match(said.join(""), /uncaught exception\terror="two"/);
});
