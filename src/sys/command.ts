import { HairpinError } from "../base/errors.ts";
import type { Fd } from "./libc.ts";
import { inNetns } from "./netns.ts";

/** Most output kept of a command, in octets: some 100,000 iptables rules. */
export const COMMAND_OUTPUT_MAX = 16 * 1024 * 1024;

/** Patience with a command, unless its caller says otherwise. */
export const COMMAND_TIMEOUT_MS = 60_000;

export interface CommandOptions {
  /** Where it runs; by default in this process's namespace. */
  readonly netns?: Fd;
  /** What it reads on its standard input; by default nothing. */
  readonly input?: string;
  /** It is killed after this; default {@link COMMAND_TIMEOUT_MS}. */
  readonly timeoutMs?: number;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that could not be run to its end. */
export class CommandError extends HairpinError {
  readonly code = "SYSCALL";

  constructor(
    readonly command: string,
    readonly why: CommandFailure,
    found: string,
    cause?: unknown,
  ) {
    super(`Cannot run "${command}": ${found}`, { cause });
  }
}

export type CommandFailure = "missing" | "denied" | "timeout" | "output";

/**
 * Runs a program to its end; whatever exit code it has is a result.
 *
 * @throws {CommandError} when it is missing, may not be run, takes too long or
 * says too much.
 * @throws {SyscallError} when the namespace cannot be entered.
 */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const text = [program, ...args].join(" ");
  const child = spawnIn(options.netns, program, args, text);
  const killer = killAfter(child, options.timeoutMs ?? COMMAND_TIMEOUT_MS);
  const read = (stream: ReadableStream<Uint8Array>) =>
    readLimited(stream, () => killer.kill("output"));
  try {
    const [, stdout, stderr, status] = await Promise.all([
      feed(child, options.input ?? ""),
      read(child.stdout),
      read(child.stderr),
      child.status,
    ]);
    if (killer.why !== undefined) throw killed(text, killer.why);
    return { exitCode: status.code, stdout, stderr };
  } finally {
    killer.stop();
  }
}

/** A child belongs to the namespace of the thread that forks it. */
function spawnIn(
  netns: Fd | undefined,
  program: string,
  args: readonly string[],
  text: string,
): Deno.ChildProcess {
  const command = new Deno.Command(program, {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
  const spawn = () => spawnOrExplain(command, text);
  return netns === undefined ? spawn() : inNetns(netns, spawn);
}

function spawnOrExplain(
  command: Deno.Command,
  text: string,
): Deno.ChildProcess {
  try {
    return command.spawn();
  } catch (reason) {
    if (reason instanceof Deno.errors.NotFound) {
      throw new CommandError(text, "missing", "no such program", reason);
    }
    throw new CommandError(text, "denied", "not allowed", reason);
  }
}

/** Kills a child once, for the first reason given. */
function killAfter(child: Deno.ChildProcess, timeoutMs: number) {
  const killer = {
    why: undefined as CommandFailure | undefined,
    kill(why: CommandFailure) {
      if (killer.why !== undefined) return;
      killer.why = why;
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended by itself meanwhile.
      }
    },
    stop: () => clearTimeout(timer),
  };
  const timer = setTimeout(() => killer.kill("timeout"), timeoutMs);
  return killer;
}

function killed(text: string, why: CommandFailure): CommandError {
  const found = why === "timeout"
    ? "killed, for it did not end in time"
    : `killed, for it wrote more than ${COMMAND_OUTPUT_MAX} octets`;
  return new CommandError(text, why, found);
}

async function feed(child: Deno.ChildProcess, input: string): Promise<void> {
  const writer = child.stdin.getWriter();
  try {
    if (input !== "") await writer.write(new TextEncoder().encode(input));
    await writer.close();
  } catch {
    // A child that ends without reading tells why by its exit code.
  }
}

async function readLimited(
  stream: ReadableStream<Uint8Array>,
  tooMuch: () => void,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let octets = 0;
  for await (const chunk of stream) {
    octets += chunk.length;
    if (octets > COMMAND_OUTPUT_MAX) tooMuch();
    else text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
