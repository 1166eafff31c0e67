/** A step of the lab, the demo or a benchmark that did not do what it must. */
export class LabError extends Error {
  override readonly name = "LabError";
}

/** What a finished program left behind. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** Text for standard input. Default: none, the program reads end of file. */
  readonly stdin?: string;
  /** After this the program is killed and its code is 128 + 9. Default 60_000. */
  readonly timeoutMs?: number;
  /** Added to the caller's environment. Default: nothing. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Longer than any single step of a lab; a program that hangs must not hang a test run. */
const COMMAND_TIMEOUT_MS = 60_000;

/** Runs a program to its end. A code other than 0 is a result here, not an error. */
export async function run(
  command: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const [program, ...args] = command;
  const child = new Deno.Command(program ?? "", {
    args,
    env: options.env ?? {},
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = setTimeout(
    () => kill(child),
    options.timeoutMs ?? COMMAND_TIMEOUT_MS,
  );
  try {
    if (options.stdin !== undefined) await feed(child, options.stdin);
    const { code, stdout, stderr } = await child.output();
    return { code, stdout: decode(stdout), stderr: decode(stderr) };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs a program that has to succeed and returns its standard output.
 *
 * @throws {LabError} with the program's own words when its code is not 0.
 */
export async function must(
  command: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const result = await run(command, options);
  if (result.code === 0) return result.stdout;
  const said = (result.stderr.trim() || result.stdout.trim()).slice(-2_000);
  throw new LabError(
    `Cannot run "${command.join(" ")}": code ${result.code}: ${said}`,
  );
}

/** The same program, started inside the network namespace of that name. */
export function inNamespace(
  netns: string,
  command: readonly string[],
): string[] {
  return ["nsenter", `--net=${netnsPath(netns)}`, "--", ...command];
}

/** Where iproute2 keeps a named network namespace. */
export function netnsPath(netns: string): string {
  return `/var/run/netns/${netns}`;
}

/** True when a program of that name is on the PATH (or is a path that exists). */
export async function hasProgram(name: string): Promise<boolean> {
  return (await run(["sh", "-c", 'command -v "$1"', "sh", name])).code === 0;
}

async function feed(child: Deno.ChildProcess, text: string): Promise<void> {
  const writer = child.stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch {
    // The program ended without reading; its exit code tells why.
  }
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // Already gone.
  }
}

function decode(octets: Uint8Array): string {
  return new TextDecoder().decode(octets);
}
