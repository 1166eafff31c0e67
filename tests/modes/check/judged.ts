import assert from "node:assert/strict";
import type { Judgement } from "../../../src/modes/check/finding.ts";

/** What was judged, and what is to come of it. */
export type Judged = readonly [
  judged: Judgement,
  level: Judgement["level"],
  found: RegExp,
];

/** One test for each; whatever is not well has a hint. */
export function testJudgements(table: readonly Judged[]): void {
  for (const [at, [judged, level, found]] of table.entries()) {
    Deno.test(`check judges ${judged.check}, case ${at}: ${level}`, () => {
      assert.equal(judged.level, level, judged.found);
      assert.match(judged.found, found);
      assert.equal(judged.hint === undefined, level === "ok");
    });
  }
}
