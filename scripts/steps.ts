/** Named steps that are run one after the other and reported with their time. */

/** One program to run, or one check to call. */
export interface Step {
  readonly name: string;
  readonly run: () => Promise<StepResult>;
}

/** How a step ended, and what it printed (also when it was not shown). */
export interface StepResult {
  readonly ok: boolean;
  readonly output: string;
}

/**
 * Longest time of one step. Own choice: the longest, the e2e tests, take half an
 * hour, and more on a machine that has other work.
 */
const STEP_MAX_MS = 75 * 60_000;

/**
 * Runs a program in the repository and shows its output line by line as it comes.
 *
 * @param options.isShown which lines are shown; by default all are. What is kept
 *   of the output has them all.
 */
export function program(
  name: string,
  command: string,
  args: readonly string[],
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly isShown?: (line: string) => boolean;
  } = {},
): Step {
  const isShown = options.isShown ?? (() => true);
  return {
    name,
    async run() {
      const child = new Deno.Command(command, {
        args: [...args],
        cwd: REPOSITORY,
        env: { NO_COLOR: "1", ...options.env },
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
        signal: AbortSignal.timeout(STEP_MAX_MS),
      }).spawn();
      const [out, err, status] = await Promise.all([
        show(child.stdout, console.log, isShown),
        show(child.stderr, console.error, isShown),
        child.status,
      ]);
      return { ok: status.success, output: out + err };
    },
  };
}

/** The folder of the repository, without a slash at its end. */
export const REPOSITORY: string = new URL("..", import.meta.url).pathname
  .replace(/\/$/, "");

async function show(
  from: ReadableStream<Uint8Array<ArrayBuffer>>,
  print: (line: string) => void,
  isShown: (line: string) => boolean,
): Promise<string> {
  let text = "";
  let line = "";
  const printLine = () => {
    if (isShown(line)) print(line);
    line = "";
  };
  for await (const part of from.pipeThrough(new TextDecoderStream())) {
    text += part;
    const lines = part.split("\n");
    for (const [index, piece] of lines.entries()) {
      line += piece;
      if (index < lines.length - 1) printLine();
    }
  }
  if (line !== "") printLine();
  return text;
}

/** A step that calls a check and shows what it found. */
export function check(
  name: string,
  find: () => Promise<readonly string[]>,
): Step {
  return {
    name,
    async run() {
      const found = await find();
      for (const line of found) console.error(line);
      return { ok: found.length === 0, output: found.join("\n") };
    },
  };
}

/** What became of one step. */
export interface StepReport extends StepResult {
  readonly name: string;
  readonly ms: number;
}

/** Runs all steps, also past one that failed, and reports each as it ends. */
export async function runSteps(
  steps: readonly Step[],
): Promise<readonly StepReport[]> {
  const reports: StepReport[] = [];
  for (const step of steps) {
    console.log(`--- ${step.name}`);
    const start = performance.now();
    const result = await step.run();
    const report = {
      ...result,
      name: step.name,
      ms: performance.now() - start,
    };
    console.log(formatReport(report));
    reports.push(report);
  }
  return reports;
}

/** `ok    12.3 s  name`, or the same with `FAIL`. */
export function formatReport({ ok, ms, name }: StepReport): string {
  const seconds = (ms / 1_000).toFixed(1).padStart(7);
  return `${ok ? "ok  " : "FAIL"}${seconds} s  ${name}`;
}
