import assert from "node:assert/strict";
import {
  addCounts,
  countRun,
  formatCounts,
  readCounts,
} from "../../scripts/test_counts.ts";

const rows: [line: string, passed: number, failed: number, skipped: number][] =
  [
    ["ok | 3 passed | 0 failed (5ms)", 3, 0, 0],
    ["ok | 3 passed (7 steps) | 0 failed (1s)", 3, 0, 0],
    ["FAILED | 1 passed (2 steps) | 2 failed (3 steps) (1m2s)", 1, 2, 0],
    ["ok | 0 passed | 0 failed | 4 ignored (0ms)", 0, 0, 4],
    [
      "ok | 1 passed | 0 failed | 4 ignored (2 steps) | 9 filtered out (0ms)",
      1,
      0,
      4,
    ],
    ["ok | 5 passed | 0 failed | 9 filtered out (0ms)", 5, 0, 0],
  ];
for (const [line, passed, failed, skipped] of rows) {
  Deno.test(`readCounts() reads "${line}"`, () => {
    const output = `a ... ok (1ms)\n\n${line}\n\nerror: x\n`;
    assert.deepEqual(readCounts(output), { passed, failed, skipped });
  });
}

Deno.test("readCounts() takes the last summary, not one that a test printed", () => {
  const output =
    "ok | 9 passed | 0 failed (1s)\nok | 1 passed | 0 failed (1s)\n";
  assert.equal(readCounts(output)?.passed, 1);
});

Deno.test("readCounts() finds none in a run that did not compile", () => {
  assert.equal(readCounts("error: Type checking failed.\n"), undefined);
});

Deno.test("countRun() makes a silent failure count as one", () => {
  const none = { passed: 0, failed: 1, skipped: 0 };
  assert.deepEqual(countRun(false, "error: no\n"), none);
  const leak = countRun(false, "ok | 3 passed | 0 failed (1s)\n");
  assert.deepEqual(leak, { passed: 3, failed: 1, skipped: 0 });
  const failed = countRun(false, "FAILED | 3 passed | 2 failed (1s)\n");
  assert.equal(failed.failed, 2);
});

Deno.test("countRun() makes a success without a summary count as nothing", () => {
  assert.deepEqual(countRun(true, ""), { passed: 0, failed: 0, skipped: 0 });
});

Deno.test("counts add up and print", () => {
  const sum = addCounts(
    { passed: 1, failed: 2, skipped: 3 },
    { passed: 10, failed: 20, skipped: 30 },
  );
  assert.equal(formatCounts(sum), "11 passed, 22 failed, 33 skipped");
});
