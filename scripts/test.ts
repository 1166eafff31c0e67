/**
 * The task `test`: the checks of `ok` and every test, e2e included.
 *
 *     deno task test [--no-skip]
 *
 * Files are listed as they run; what failed is shown whole at the end, and named.
 * With `--no-skip` a test that is skipped counts as failed. So it does by itself
 * where CI is "true" and HAIRPIN_TEST_TOOLS is set: such a machine has it all.
 */
import { failedTests, failureText, isProgress } from "./failures.ts";
import { STATIC_CHECKS } from "./ok.ts";
import { formatReport, program, REPOSITORY, runSteps } from "./steps.ts";
import {
  addCounts,
  countRun,
  formatCounts,
  NO_TESTS,
  type TestCounts,
} from "./test_counts.ts";
import { foldersWithTests, planTests, testArgs } from "./test_plan.ts";

/** How strict a run is, from its arguments and the environment. */
export function refusesSkips(
  args: readonly string[],
  get: (name: string) => string | undefined,
): boolean {
  const tools = get("HAIRPIN_TEST_TOOLS") ?? "";
  return args.includes("--no-skip") || (get("CI") === "true" && tools !== "");
}

/** Reasons why this machine cannot run every test, one line each. */
export function skipReasons(
  isRoot: boolean,
  tools: string | undefined,
): readonly string[] {
  return [
    ...(isRoot ? [] : ["tests that build network namespaces: not root"]),
    ...((tools ?? "") === ""
      ? ["tests with real peers: HAIRPIN_TEST_TOOLS is not set"]
      : []),
  ];
}

/** Whether a run with these checks and counts is a success. */
export function succeeded(
  checksPassed: boolean,
  counts: TestCounts,
  noSkip: boolean,
): boolean {
  return checksPassed && counts.failed === 0 &&
    !(noSkip && counts.skipped > 0);
}

async function main(): Promise<number> {
  const noSkip = refusesSkips(Deno.args, Deno.env.get);
  const reasons = skipReasons(
    Deno.uid() === 0,
    Deno.env.get("HAIRPIN_TEST_TOOLS"),
  );
  for (const reason of reasons) console.log(`skipped: ${reason}`);
  const plan = planTests(await foldersWithTests(`${REPOSITORY}/tests`));
  const checks = await runSteps(STATIC_CHECKS);
  const runs = await runSteps(
    [...plan.unit, ...plan.system].map((group) =>
      program(group.name, Deno.execPath(), testArgs(group), {
        isShown: isProgress,
      })
    ),
  );
  const counts = runs.map((run) => countRun(run.ok, run.output))
    .reduce(addCounts, NO_TESTS);
  const reports = [...checks, ...runs];
  for (const report of reports.filter(({ ok }) => !ok)) {
    console.log(`\n=== ${report.name} failed\n${failureText(report.output)}`);
  }
  console.log("");
  for (const report of reports) console.log(formatReport(report));
  for (const { output } of runs) {
    for (const test of failedTests(output)) console.log(`failed: ${test}`);
  }
  for (const reason of reasons) console.log(`skipped: ${reason}`);
  const ok = succeeded(checks.every((report) => report.ok), counts, noSkip);
  if (noSkip && counts.skipped > 0) {
    console.log("failed: tests were skipped and --no-skip was asked for");
  }
  console.log(formatCounts(counts));
  return ok ? 0 : 1;
}

if (import.meta.main) {
  const unknown = Deno.args.find((arg) => arg !== "--no-skip");
  if (unknown !== undefined) {
    console.error(
      `unknown argument ${JSON.stringify(unknown)}: want --no-skip`,
    );
    Deno.exit(2);
  }
  Deno.exit(await main());
}
