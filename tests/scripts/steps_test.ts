import assert from "node:assert/strict";
import { check, formatReport, program, runSteps } from "../../scripts/steps.ts";

Deno.test("formatReport() shows outcome, seconds and name", () => {
  const report = { ok: true, output: "", name: "lint", ms: 12_340 };
  assert.equal(formatReport(report), "ok     12.3 s  lint");
  assert.equal(formatReport({ ...report, ok: false }), "FAIL   12.3 s  lint");
});

Deno.test("runSteps() goes on past a step that failed", async () => {
  const reports = await runSteps([
    check("first", () => Promise.resolve(["a: wrong", "b: wrong"])),
    check("second", () => Promise.resolve([])),
  ]);
  assert.deepEqual(reports.map(({ name, ok, output }) => [name, ok, output]), [
    ["first", false, "a: wrong\nb: wrong"],
    ["second", true, ""],
  ]);
});

Deno.test("program() keeps output and outcome of what it ran", async () => {
  const script = 'echo "$WORD"; echo err >&2; exit 3';
  const step = program("sh", "sh", ["-c", script], { WORD: "out" });
  assert.deepEqual(await step.run(), { ok: false, output: "out\nerr\n" });
});
