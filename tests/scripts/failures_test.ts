import assert from "node:assert/strict";
import {
  failedTests,
  failureText,
  isProgress,
} from "../../scripts/failures.ts";

Deno.test("isProgress() knows files, failures and counts from all else", () => {
  const shown = [
    "running 3 tests from ./tests/base/errors_test.ts",
    "running 1 test from ./tests/base/errors_test.ts",
    "a() does b ... FAILED (3ms)",
    "a() does b ... FAILED (due to 1 failed step) (1m3s)",
    "Uncaught error from ./tests/base/errors_test.ts FAILED",
    "FAILED | 3 passed | 1 failed (3ms)",
    "ok | 3 passed | 0 failed (3ms)",
  ];
  for (const line of shown) assert.equal(isProgress(line), true, line);
  const others = [
    "a() does b ... ok (3ms)",
    "a ...",
    "error: Uncaught Error: one that a test expects",
    "FAIL    0.0 s  first",
    "| b | c |",
    "",
  ];
  for (const line of others) assert.equal(isProgress(line), false, line);
});

Deno.test("failureText() is the list of errors", () => {
  const output = "a ... ok (1ms)\n\n ERRORS \n\nb => x\nerror: no\n\n";
  assert.equal(failureText(output), " ERRORS \n\nb => x\nerror: no");
});

Deno.test("failureText() is the last lines of a run that crashed", () => {
  const lines = Array.from({ length: 50 }, (_, index) => `line ${index}`);
  const text = failureText(`${lines.join("\n")}\n`);
  assert.deepEqual(text.split("\n"), lines.slice(10));
});

Deno.test("failureText() leaves out what is too long", () => {
  const output = `\n ERRORS \n${"at x\n".repeat(500)}`;
  const lines = failureText(output).split("\n");
  assert.deepEqual([lines.length, lines.at(-1)], [
    201,
    "(301 more lines above)",
  ]);
});

Deno.test("failedTests() names what failed, and nothing of a run that crashed", () => {
  const output =
    "\n ERRORS \n\nerror: no\n\n FAILURES \n\na => ./x_test.ts:1:6\nb ... c => ./x_test.ts:1:85\n\nFAILED | 0 passed | 2 failed (13ms)\n";
  const names = ["a => ./x_test.ts:1:6", "b ... c => ./x_test.ts:1:85"];
  assert.deepEqual(failedTests(output), names);
  assert.deepEqual(failedTests("a ... ok (1ms)\nkilled"), []);
});
