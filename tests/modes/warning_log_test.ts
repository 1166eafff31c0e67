import assert from "node:assert/strict";
import { WarningLog } from "../../src/modes/warning_log.ts";

Deno.test("WarningLog says a warning when it comes up, and when it comes back", () => {
  const said: string[] = [];
  const log = new WarningLog({ warn: (message) => void said.push(message) });
  log.put(["a", "b", "a"]);
  log.put(["b", "a"]);
  log.put(["b", "c"]);
  log.put(["a"]);
  assert.deepEqual(said, ["a", "b", "c", "a"]);
});
