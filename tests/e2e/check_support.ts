/** `hairpin check` beside a process that runs. */
import type { Finding } from "../../src/modes/check/finding.ts";
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
