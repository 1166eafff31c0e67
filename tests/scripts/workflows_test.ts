/** The workflows: what they run exists, what they take is pinned, what they may is little. */
import assert from "node:assert/strict";
import { parse } from "yaml";

const FOLDER = ".github/workflows";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly name?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Workflow {
  readonly permissions?: unknown;
  readonly concurrency?: unknown;
  readonly defaults?: unknown;
  readonly jobs: Readonly<
    Record<string, {
      readonly steps: readonly Step[];
      readonly "timeout-minutes"?: number;
      readonly permissions?: Readonly<Record<string, string>>;
    }>
  >;
}

const files = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).toSorted();
const read = (file: string) => Deno.readTextFileSync(`${FOLDER}/${file}`);
const stepsOf = ({ jobs }: Workflow) =>
  Object.values(jobs).flatMap(({ steps }) => steps);

const tasks = Object.keys(
  JSON.parse(Deno.readTextFileSync("deno.json")).tasks,
);

/** Names of the tasks that a script calls. */
const tasksIn = (run: string): string[] =>
  Array.from(
    run.matchAll(/(?:\.\/scripts\/dev|\bdeno task)\s+([\w-]+)/g),
    ([, task]) => task!,
  );

/** Paths of the repository's own scripts that a script calls. */
const scriptsIn = (run: string): string[] =>
  Array.from(
    run.matchAll(/\.\/((?:scripts|\.ci)\/[\w./-]+)/g),
    ([, path]) => path!,
  );

for (const file of files) {
  Deno.test(`${file} pins every action by its commit, and says its version`, () => {
    for (
      const line of read(file).split("\n").filter((l) => /\buses:/.test(l))
    ) {
      assert.match(
        line,
        /uses: [\w.-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/,
      );
    }
  });

  Deno.test(`${file} keeps no credentials in a checkout`, () => {
    const steps = stepsOf(parse(read(file)));
    for (const step of steps) {
      if (step.uses?.startsWith("actions/checkout@") !== true) continue;
      assert.equal(step.with?.["persist-credentials"], false);
    }
  });

  Deno.test(`${file} may read contents, each job has a limit, and runs do not pile up`, () => {
    const workflow: Workflow = parse(read(file));
    assert.deepEqual(workflow.permissions, { contents: "read" });
    assert.notEqual(workflow.concurrency, undefined);
    for (const [name, job] of Object.entries(workflow.jobs)) {
      assert(Number(job["timeout-minutes"]) > 0, name);
    }
  });

  Deno.test(`${file} fails where any part of a pipe does`, () => {
    const { defaults }: Workflow = parse(read(file));
    assert.deepEqual(defaults, { run: { shell: "bash" } });
  });

  Deno.test(`${file} calls tasks and scripts that exist`, () => {
    for (const { run = "" } of stepsOf(parse(read(file)))) {
      for (const task of tasksIn(run)) assert(tasks.includes(task), task);
      for (const path of scriptsIn(run)) assert(Deno.statSync(path).isFile);
    }
  });

  Deno.test(`${file} puts nothing of an event into a script`, () => {
    for (const { run = "", name } of stepsOf(parse(read(file)))) {
      assert(!run.includes("${{"), name);
    }
  });

  Deno.test(`${file} tests with the libraries from JSR`, () => {
    const workflow: Workflow = parse(read(file));
    for (const { steps } of Object.values(workflow.jobs)) {
      const called = steps.flatMap(({ run = "" }) => tasksIn(run));
      if (called.length > 0) assert.equal(called[0], "use-jsr");
    }
  });
}

Deno.test("a binary is made public only after the smoke test that the source passes", () => {
  const runs = (file: string, job: string) => {
    const { jobs }: Workflow = parse(read(file));
    return jobs[job]!.steps.flatMap(({ run = "" }) => run).join("\n");
  };
  for (const [file, job] of [["ci.yml", "binary"], ["release.yml", "files"]]) {
    const text = runs(file!, job!);
    assert.match(text, /HAIRPIN_LAB_PROGRAM="\$PWD\/dist\/hairpin-linux-/);
    assert.match(text, /as_root \.\/scripts\/dev smoke\n/);
  }
  const { tasks } = JSON.parse(Deno.readTextFileSync("deno.json"));
  assert.match(tasks.smoke, / tests\/e2e\/compiled_test\.ts$/);
});

Deno.test("a release alone may write, and only where it has to", () => {
  const writes = files.flatMap((file) => {
    const { jobs }: Workflow = parse(read(file));
    return Object.entries(jobs).flatMap(([job, { permissions = {} }]) =>
      Object.entries(permissions).filter(([, may]) => may === "write")
        .map(([what]) => `${file} ${job} ${what}`)
    );
  });
  assert.deepEqual(writes, [
    "release.yml files id-token",
    "release.yml files attestations",
    "release.yml sign id-token",
    "release.yml sign attestations",
    "release.yml publish contents",
  ]);
});
