import assert from "node:assert/strict";
import { statusText } from "../../src/proxy/status_text.ts";

Deno.test("statusText() adds the usual words where there are some", () => {
  assert.deepEqual([401, 503, 418].map(statusText), [
    "401 Unauthorized",
    "503 Service Unavailable",
    "418",
  ]);
});
