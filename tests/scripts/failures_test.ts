import assert from "node:assert/strict";
import { failureText, isPassed } from "../../scripts/failures.ts";

Deno.test("isPassed() knows a test that passed from every other line", () => {
  const passed = [
    "a() does b ... ok (3ms)",
    "x ... ok (1m2s)",
    "y ... ok (8µs)",
  ];
  for (const line of passed) assert.equal(isPassed(line), true, line);
  const others = ["running 3 tests", "a ...", "a ... ok", "| b | c |", ""];
  for (const line of others) assert.equal(isPassed(line), false, line);
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
