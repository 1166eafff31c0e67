/** What of a long run of tests a reader wants to see again at its end. */

/** Most lines of one run that are shown again. Own choice: ten stacks and more. */
const MAX_LINES = 200;

/** Lines that tell what a run was at when it ended without a summary. */
const LAST_LINES = 40;

/** Where `deno test` begins to list what failed, without colours. */
const ERRORS = "\n ERRORS \n";

/** Where `deno test` begins to list the names of what failed, without colours. */
const FAILURES = "\n FAILURES \n\n";

/** What `deno test` prints, without colours, at a file, a failure and the end. */
const PROGRESS =
  /^running \d+ tests? from | FAILED( \(.+\))?$|^(ok|FAILED) \| \d+ passed/;

/**
 * Whether a line of a run tells how far it is, or of a failure. The others are
 * of tests that passed, and what tests print: of errors that they expect, too.
 */
export function isProgress(line: string): boolean {
  return PROGRESS.test(line);
}

/**
 * The errors of a run that failed; where it ended before it could list them, as
 * after a crash, its last lines.
 */
export function failureText(output: string): string {
  const at = output.lastIndexOf(ERRORS);
  if (at < 0) return output.trimEnd().split("\n").slice(-LAST_LINES).join("\n");
  const lines = output.slice(at + 1).trimEnd().split("\n");
  const left = lines.length - MAX_LINES;
  if (left <= 0) return lines.join("\n");
  return [...lines.slice(0, MAX_LINES), `(${left} more lines above)`].join(
    "\n",
  );
}

/** The tests of a run that failed, as `name => file:line:column`, without colours. */
export function failedTests(output: string): readonly string[] {
  const at = output.lastIndexOf(FAILURES);
  if (at < 0) return [];
  const [names] = output.slice(at + FAILURES.length).split("\n\n");
  return names === undefined ? [] : names.trim().split("\n");
}
