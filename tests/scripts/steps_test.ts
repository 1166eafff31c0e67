import assert from "node:assert/strict";
import { check, formatReport, program, runSteps } from "../../scripts/steps.ts";

Deno.test("formatReport() shows outcome, seconds and name", () => {
  const report = { ok: true, output: "", name: "lint", ms: 12_340 };
  assert.equal(formatReport(report), "ok     12.3 s  lint");
  assert.equal(formatReport({ ...report, ok: false }), "FAIL   12.3 s  lint");
});

/** What `act` prints is kept from the log of the run, where it would mislead. */
async function printed(act: () => Promise<void>): Promise<unknown[]> {
  const lines: unknown[] = [];
  const { log, error } = console;
  console.log = console.error = (line) => lines.push(line);
  try {
    await act();
  } finally {
    Object.assign(console, { log, error });
  }
  return lines;
}

Deno.test("runSteps() goes on past a step that failed, and shows each", async () => {
  const lines = await printed(async () => {
    const reports = await runSteps([
      check("first", () => Promise.resolve(["a: wrong", "b: wrong"])),
      check("second", () => Promise.resolve([])),
    ]);
    assert.deepEqual(
      reports.map(({ name, ok, output }) => [name, ok, output]),
      [["first", false, "a: wrong\nb: wrong"], ["second", true, ""]],
    );
  });
  assert.deepEqual(lines.map((line) => `${line}`.replace(/\d+\.\d/, "0.0")), [
    ...["--- first", "a: wrong", "b: wrong", "FAIL    0.0 s  first"],
    ...["--- second", "ok      0.0 s  second"],
  ]);
});

Deno.test("program() keeps output and outcome of what it ran", async () => {
  const script = 'echo "$WORD"; echo err >&2; exit 3';
  const step = program("sh", "sh", ["-c", script], { env: { WORD: "out" } });
  await printed(async () => {
    assert.deepEqual(await step.run(), { ok: false, output: "out\nerr\n" });
  });
});

Deno.test("program() shows only the lines that it is told to", async () => {
  const lines = await printed(async () => {
    const step = program("sh", "printf", ["a\nb\n\nlast"], {
      isShown: (line) => line !== "b",
    });
    assert.equal((await step.run()).output, "a\nb\n\nlast");
  });
  assert.deepEqual(lines, ["a", "", "last"]);
});
