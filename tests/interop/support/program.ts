/** How a program ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program of the PATH to its end.
 *
 * @throws {Error} naming the Debian package when the program is missing.
 */
export async function run(
  program: string,
  args: readonly string[],
): Promise<Outcome> {
  const child = startProgram(program, args);
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

const PACKAGES: Readonly<Record<string, string>> = {
  curl: "curl",
  h2load: "nghttp2-client",
  nghttp: "nghttp2-client",
  nghttpx: "nghttp2-proxy",
};

/** Starts a program of the PATH, its output piped. */
export function startProgram(
  program: string,
  args: readonly string[],
): Deno.ChildProcess {
  try {
    return new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    const name = PACKAGES[program] ?? program;
    throw new Error(
      `Cannot run "${program}": not on PATH; install Debian's ${name}`,
    );
  }
}
