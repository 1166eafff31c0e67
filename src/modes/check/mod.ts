/** `hairpin check`: what keeps a pod, or a node's pods, from being served. */
import type { CheckCommand } from "../../config/mod.ts";
import { exitCodeOf, type Finding, findingLine } from "./finding.ts";
import { checkNamespaces, type Wanted } from "./namespaces.ts";
import { checkNode } from "./node.ts";

/** What to print, and how the process ends. */
export interface CheckReport {
  readonly exitCode: 0 | 1;
  readonly lines: readonly string[];
}

/** Looks and probes; what goes wrong on the way is a finding, too. */
export async function runCheck(command: CheckCommand): Promise<CheckReport> {
  const findings = await findingsOf(command);
  return {
    exitCode: exitCodeOf(findings),
    lines: command.json
      ? JSON.stringify(findings, undefined, 2).split("\n")
      : findings.map(findingLine),
  };
}

async function findingsOf(
  { target, admin, ...asked }: CheckCommand,
): Promise<Finding[]> {
  const { proxy, findings } = await checkNode(admin, asked);
  return [...findings, ...await checkNamespaces(wantedOf(target), proxy)];
}

function wantedOf(target: CheckCommand["target"]): Wanted {
  return target.kind === "pod"
    ? { kind: "pod", name: `${target.pod.namespace}/${target.pod.name}` }
    : target;
}
