import { hasProgram } from "../command.ts";

/** What a control plane is made of, beside etcd, which comes from Debian. */
const PROGRAMS = ["kube-apiserver", "kubectl", "istiod"] as const;
export type ControlPlaneProgram = typeof PROGRAMS[number];

/** The folder of test programs, from the environment; undefined when it names none. */
export function testTools(): string | undefined {
  return Deno.env.get("HAIRPIN_TEST_TOOLS") || undefined;
}

/** Path of a program in the folder of test programs. */
export const toolPath = (tools: string, program: string): string =>
  `${tools}/${program}`;

/**
 * Why no control plane can be started here, in one line; undefined when one can.
 * Tests pass it on as the reason that they skip.
 */
export async function controlPlaneSkipReason(): Promise<string | undefined> {
  const tools = testTools();
  if (tools === undefined) return "HAIRPIN_TEST_TOOLS is not set";
  if (Deno.uid() !== 0) return "the folder of its processes is root's";
  for (const program of PROGRAMS) {
    if (!await hasProgram(toolPath(tools, program))) {
      return `HAIRPIN_TEST_TOOLS has no ${program}`;
    }
  }
  for (const [program, debian] of [["etcd", "etcd-server"], ["openssl"]]) {
    if (!await hasProgram(program!)) {
      return `it needs the Debian package ${debian ?? program}`;
    }
  }
  return undefined;
}
