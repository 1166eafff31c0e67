/** Counts of tests over several runs of `deno test`. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  /** Ignored by themselves. */
  readonly skipped: number;
}

/** Where counting starts. */
export const NO_TESTS: TestCounts = { passed: 0, failed: 0, skipped: 0 };

const SUMMARY =
  /^(?:ok|FAILED) \| (\d+) passed(?: \([^)]*\))? \| (\d+) failed(?: \([^)]*\))?(?: \| (\d+) ignored(?: \([^)]*\))?)?(?: \| \d+ measured)?(?: \| \d+ filtered out)? \(.*\)$/gm;

/**
 * Reads the last line of a run of `deno test`, without colours. Tests that were
 * filtered out are not counted.
 *
 * @returns undefined when there is none: the run ended before its tests did.
 */
export function readCounts(output: string): TestCounts | undefined {
  const last = [...output.matchAll(SUMMARY)].at(-1);
  if (last === undefined) return undefined;
  return {
    passed: Number(last[1]),
    failed: Number(last[2]),
    skipped: Number(last[3] ?? 0),
  };
}

/**
 * The counts of one run. A run that failed without a failed test, such as one
 * that does not compile, counts as one failure.
 */
export function countRun(ok: boolean, output: string): TestCounts {
  const counts = readCounts(output) ?? NO_TESTS;
  const silent = !ok && counts.failed === 0;
  return silent ? { ...counts, failed: 1 } : counts;
}

/** The sum of both, field by field. */
export function addCounts(a: TestCounts, b: TestCounts): TestCounts {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  };
}

/** `N passed, N failed, N skipped`. */
export function formatCounts(counts: TestCounts): string {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
}
