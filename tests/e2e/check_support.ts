/** `hairpin check` beside a process that runs. */
import assert from "node:assert/strict";
import type { Finding, Level } from "../../src/modes/check/finding.ts";
import type { HairpinProcess, Lab, LabPod, Place } from "../lab/mod.ts";
import type { Mesh } from "./support.ts";

const REPOSITORY = new URL("../..", import.meta.url).pathname;

/** What it said, and how it ended. */
export async function runCheckAt(
  { lab }: Pick<Mesh, "lab">,
  { place }: Pick<HairpinProcess, "place">,
  ...args: readonly string[]
) {
  return await runCheckWith(lab, place, [], args);
}

/** @param env `NAME=VALUE` each. */
export const runCheckWith = (
  lab: Lab,
  place: Place,
  env: readonly string[],
  args: readonly string[],
) => runCheckFrom(lab, place, ["env", ...env], args);

/** @param before Words in front of the program, such as `env A=B`. */
export async function runCheckFrom(
  lab: Lab,
  place: Place,
  before: readonly string[],
  args: readonly string[],
) {
  const program = [Deno.execPath(), "run", "-P", "--config"];
  const { code, stdout, stderr } = await lab.exec(place, [
    ...before,
    ...program,
    `${REPOSITORY}deno.json`,
    `${REPOSITORY}main.ts`,
    "check",
    ...args,
  ]);
  return { code, stdout, stderr };
}

/** Findings about one pod, by its namespace: other labs have pods of the same address. */
export async function checkPod(
  { lab }: Pick<Mesh, "lab">,
  { place }: Pick<HairpinProcess, "place">,
  pod: LabPod,
  env: readonly string[] = [],
): Promise<{ code: number; findings: Finding[] }> {
  const path = `/var/run/netns/${pod.netns}`;
  const args = ["--json", "--netns", path];
  const said = await runCheckWith(lab, place, env, args);
  if (said.stdout === "") throw new Error(said.stderr);
  return { code: said.code, findings: JSON.parse(said.stdout) };
}

/** Findings about the node alone. */
export async function checkNode(
  mesh: Pick<Mesh, "lab">,
  at: Pick<HairpinProcess, "place">,
  ...args: readonly string[]
): Promise<Finding[]> {
  const all = ["--json", "--netns", "/dev/null", ...args];
  const { stdout, stderr } = await runCheckAt(mesh, at, ...all);
  if (stdout === "") throw new Error(stderr);
  return (JSON.parse(stdout) as Finding[])
    .filter(({ subject }) => subject === "node");
}

/** By check, what is not well. */
export type Expected = Readonly<Record<string, [level: Level, found: RegExp]>>;

/** All of that, with a hint each, and nothing else. */
export function assertFinds(
  findings: readonly Finding[],
  expected: Expected,
): void {
  const bad = findings.filter(({ level }) => level !== "ok");
  const checks = bad.map(({ check }) => check).sort();
  assert.deepEqual(
    checks,
    Object.keys(expected).sort(),
    JSON.stringify(bad, undefined, 1),
  );
  for (const [check, [level, found]] of Object.entries(expected)) {
    const finding = bad.find((one) => one.check === check);
    assert.equal(finding?.level, level);
    assert.match(finding?.found ?? "", found);
    assert.ok(finding?.hint);
  }
}
