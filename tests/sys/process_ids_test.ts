import assert from "node:assert/strict";
import { processIds } from "../../src/sys/process_ids.ts";

Deno.test("processIds() finds this process, and in a folder the numbers alone", () => {
  assert.ok(processIds().includes(Deno.pid));
  assert.deepEqual(processIds("/nowhere"), []);
  const folder = Deno.makeTempDirSync();
  try {
    const numbers = Array.from({ length: 2_000 }, (_, at) => at + 1);
    for (const name of [...numbers, "self", "1a"]) {
      Deno.mkdirSync(`${folder}/${name}`);
    }
    const found = processIds(folder).toSorted((a, b) => a - b);
    assert.deepEqual(found, numbers);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
