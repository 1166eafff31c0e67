/** Programs that stand for applications in tests of HTTP. */
import type { Lab, LabPod, LabProcess, Place } from "../lab/mod.ts";

const commandOf = (name: string, ...args: readonly string[]): string[] => {
  const path = new URL(`./programs/${name}.ts`, import.meta.url).pathname;
  return [Deno.execPath(), "run", "--no-config", "-N", path, ...args];
};

/** Starts a server of tests/e2e/programs in a pod and waits until it listens. */
export async function startProgram(
  lab: Lab,
  pod: LabPod,
  program: string,
  ...args: readonly string[]
): Promise<LabProcess> {
  const given = args.length === 0 ? [pod.name] : args;
  const process = lab.start(
    pod,
    `${program}-${pod.name}`,
    commandOf(program, ...given),
  );
  await process.untilLog(/^listening$/m);
  return process;
}

/** Sends octets and returns all that came back until the server closed, or fell silent. */
export async function sendRaw(
  lab: Lab,
  from: Place,
  to: { readonly ip: string; readonly port: number },
  text: string,
): Promise<string> {
  const command = commandOf("raw_client", to.ip, `${to.port}`);
  return (await lab.exec(from, command, { stdin: text })).stdout;
}
