import { readBounded, runPlugin } from "../control/cni/mod.ts";
import {
  CNI_CODES,
  CNI_INPUT_BYTES_MAX,
  CniError,
  errorReply,
  versionOfInput,
} from "../wire/cni/mod.ts";

/** How long a container runtime may take to hand over its configuration, in ms. */
const INPUT_TIMEOUT_MS = 10_000;

/**
 * Serves one command of a container runtime, which comes in the environment and
 * on stdin.
 *
 * @returns the exit code; the answer is on stdout then.
 */
export async function runCni(
  environment: Readonly<Record<string, string>>,
): Promise<number> {
  const { stdout, exitCode } = await serve(environment);
  writeAll(stdout);
  return exitCode;
}

async function serve(environment: Readonly<Record<string, string>>) {
  const signal = AbortSignal.timeout(INPUT_TIMEOUT_MS);
  try {
    const { readable } = Deno.stdin;
    const input = await readBounded(readable, CNI_INPUT_BYTES_MAX, signal);
    return await runPlugin(environment, input);
  } catch (reason) {
    const why = reason instanceof RangeError
      ? reason.message
      : "not UTF-8, or not handed over in time";
    const error = new CniError(
      CNI_CODES.ioFailure,
      `Cannot read the network configuration: ${why}`,
    );
    return { stdout: errorReply(versionOfInput(""), error), exitCode: 1 };
  }
}

function writeAll(text: string): void {
  let rest = new TextEncoder().encode(text);
  while (rest.length > 0) rest = rest.subarray(Deno.stdout.writeSync(rest));
}
