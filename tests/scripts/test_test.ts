import assert from "node:assert/strict";
import { refusesSkips, skipReasons, succeeded } from "../../scripts/test.ts";

type Row = [
  name: string,
  args: string[],
  env: Record<string, string>,
  want: boolean,
];
const rows: Row[] = [
  ["by itself", [], {}, false],
  ["with --no-skip", ["--no-skip"], {}, true],
  ["in CI with the tools", [], { CI: "true", HAIRPIN_TEST_TOOLS: "/t" }, true],
  ["in CI without the tools", [], { CI: "true" }, false],
  ["with the tools alone", [], { HAIRPIN_TEST_TOOLS: "/t" }, false],
];
for (const [name, args, env, want] of rows) {
  Deno.test(`refusesSkips() is ${want} ${name}`, () => {
    assert.equal(refusesSkips(args, (key) => env[key]), want);
  });
}

Deno.test("skipReasons() names what the machine lacks", () => {
  assert.deepEqual(skipReasons(true, "/tools"), []);
  assert.deepEqual(skipReasons(false, undefined), [
    "tests that build network namespaces: not root",
    "tests with real peers: HAIRPIN_TEST_TOOLS is not set",
  ]);
});

const ends: [
  checks: boolean,
  failed: number,
  skipped: number,
  noSkip: boolean,
  want: boolean,
][] = [
  [true, 0, 0, true, true],
  [true, 0, 2, false, true],
  [true, 0, 2, true, false],
  [true, 1, 0, false, false],
  [false, 0, 0, false, false],
];
for (const [checks, failed, skipped, noSkip, want] of ends) {
  Deno.test(`succeeded() is ${want} for checks ${checks}, ${failed} failed, ${skipped} skipped, no-skip ${noSkip}`, () => {
    const counts = { passed: 1, failed, skipped };
    assert.equal(succeeded(checks, counts, noSkip), want);
  });
}
