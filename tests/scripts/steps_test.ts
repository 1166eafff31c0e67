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
  const step = program("sh", "sh", ["-c", script], { env: { WORD: "out" } });
  assert.deepEqual(await step.run(), { ok: false, output: "out\nerr\n" });
});

Deno.test("program() shows only the lines that it is told to", async (t) => {
  const shown: unknown[] = [];
  const { log } = console;
  console.log = (line) => shown.push(line);
  try {
    const step = program("sh", "printf", ["a\nb\n\nlast"], {
      isShown: (line) => line !== "b",
    });
    assert.equal((await step.run()).output, "a\nb\n\nlast");
  } finally {
    console.log = log;
  }
  await t.step("in order", () => assert.deepEqual(shown, ["a", "", "last"]));
});
