/**
 * The task `fuzz`: the property tests over and over, each round from another
 * seed, until the time is up or one fails.
 *
 *     deno task fuzz [--minutes N] [--rounds N]
 *
 * HAIRPIN_FUZZ_MINUTES says the same as --minutes. Default: 5. What fails
 * prints its seed and path, with which fast-check plays it again.
 */
import { parseArgs } from "@std/cli/parse-args";
import { failureText } from "./failures.ts";
import { program, REPOSITORY } from "./steps.ts";
import { foldersWithTests, planTests, type TestGroup } from "./test_plan.ts";

/** How long to go on; both count, whichever ends first. */
export interface FuzzBudget {
  readonly minutes: number;
  readonly rounds: number;
}

const MINUTES_DEFAULT = 5;
const USAGE = "want [--minutes N] [--rounds N], each above 0";

/** @returns the budget, or what is wrong with it in one line. */
export function readBudget(
  args: readonly string[],
  get: (name: string) => string | undefined,
): FuzzBudget | string {
  const wrong: string[] = [];
  const flags: Record<string, unknown> = parseArgs([...args], {
    string: ["minutes", "rounds", "_"],
    unknown: (word) => {
      wrong.push(word);
      return false;
    },
  });
  const number = (text: unknown, otherwise: number) => {
    if (text === undefined) return otherwise;
    const value = text === "" ? NaN : Number(text);
    if (!(value > 0)) wrong.push(String(text));
    return value;
  };
  const budget = {
    minutes: number(
      flags.minutes ?? get("HAIRPIN_FUZZ_MINUTES"),
      MINUTES_DEFAULT,
    ),
    rounds: number(flags.rounds, Infinity),
  };
  if (wrong.length === 0) return budget;
  return `Cannot use ${JSON.stringify(wrong[0])}: ${USAGE}`;
}

/** The property tests of a group, by file, so that nothing else is run. */
export function propertyTests(
  group: TestGroup,
  files: readonly { readonly path: string; readonly text: string }[],
): readonly string[] {
  return files.filter(({ path, text }) =>
    group.folders.some((folder) => path.startsWith(`${folder}/`)) &&
    path.endsWith("_test.ts") && text.includes('"fast-check"')
  ).map(({ path }) => path);
}

async function readTests(folder: string) {
  const files: { path: string; text: string }[] = [];
  for await (
    const { name, isDirectory } of Deno.readDir(
      `${REPOSITORY}/${folder}`,
    )
  ) {
    const path = `${folder}/${name}`;
    if (isDirectory) files.push(...await readTests(path));
    else if (name.endsWith(".ts")) {
      const text = await Deno.readTextFile(`${REPOSITORY}/${path}`);
      files.push({ path, text });
    }
  }
  return files.toSorted((a, b) => a.path < b.path ? -1 : 1);
}

/** @returns the exit code. */
async function fuzz({ minutes, rounds }: FuzzBudget): Promise<number> {
  const files = await readTests("tests");
  const { unit } = planTests(await foldersWithTests(`${REPOSITORY}/tests`));
  const runs = unit.map((group) => {
    const args = ["test", "--no-check", "--no-prompt", ...group.rights];
    const paths = propertyTests(group, files);
    const options = { isShown: () => false };
    const run = program(
      group.name,
      Deno.execPath(),
      [...args, ...paths],
      options,
    );
    return { paths, run };
  }).filter(({ paths }) => paths.length > 0);
  const end = performance.now() + minutes * 60_000;
  let round = 0;
  while (round === 0 || (round < rounds && performance.now() < end)) {
    round++;
    for (const { run } of runs) {
      const { ok, output } = await run.run();
      if (ok) continue;
      console.error(
        `round ${round}: ${run.name} failed\n${failureText(output)}`,
      );
      return 1;
    }
    console.log(`round ${round} passed`);
  }
  return 0;
}

if (import.meta.main) {
  const budget = readBudget(Deno.args, Deno.env.get);
  if (typeof budget === "string") {
    console.error(`fuzz: ${budget}`);
    Deno.exit(2);
  }
  Deno.exit(await fuzz(budget));
}
