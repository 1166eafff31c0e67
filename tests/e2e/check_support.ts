/** `hairpin check` beside a process that runs. */
import assert from "node:assert/strict";
import type { Finding, Level } from "../../src/modes/check/finding.ts";
import type { HairpinProcess, LabPod } from "../lab/mod.ts";
import type { Mesh } from "./support.ts";

const REPOSITORY = new URL("../..", import.meta.url).pathname;

/** What it said, and how it ended. */
export async function runCheckAt(
  { lab }: Mesh,
  { place }: HairpinProcess,
  ...args: readonly string[]
) {
  const program = [Deno.execPath(), "run", "-P", "--config"];
  const { code, stdout, stderr } = await lab.exec(place, [
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
  mesh: Mesh,
  process: HairpinProcess,
  pod: LabPod,
): Promise<{ code: number; findings: Finding[] }> {
  const path = `/var/run/netns/${pod.netns}`;
  const said = await runCheckAt(mesh, process, "--json", "--netns", path);
  if (said.stdout === "") throw new Error(said.stderr);
  return { code: said.code, findings: JSON.parse(said.stdout) };
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
