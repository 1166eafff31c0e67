/**
 * The task `ok`: everything that can be checked without root, in about a minute.
 *
 *     deno task ok
 */
import { lint, readSources } from "./lint_imports.ts";
import {
  check,
  formatReport,
  program,
  REPOSITORY,
  runSteps,
  type Step,
} from "./steps.ts";
import { foldersWithTests, planTests, testArgs } from "./test_plan.ts";

const DENO = Deno.execPath();

/** Format, lint, types, and what scripts/lint checks. */
export const STATIC_CHECKS: readonly Step[] = [
  program("format", DENO, ["fmt", "--check"]),
  program("lint", DENO, ["lint", "--quiet"]),
  program("types", DENO, ["check", "--quiet", "."]),
  check(
    "imports, core, sizes, doc comments",
    async () => lint(await readSources(REPOSITORY)),
  ),
];

if (import.meta.main) {
  const plan = planTests(await foldersWithTests(`${REPOSITORY}/tests`));
  const tests = plan.unit.map((group) =>
    program(group.name, DENO, testArgs(group))
  );
  const reports = await runSteps([...STATIC_CHECKS, ...tests]);
  console.log("");
  for (const report of reports) console.log(formatReport(report));
  Deno.exit(reports.every((report) => report.ok) ? 0 : 1);
}
