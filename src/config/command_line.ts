import { parseArgs } from "@std/cli/parse-args";
import { ConfigError } from "../base/errors.ts";
import { type CommandName, type Flag, FLAGS } from "./flags.ts";
import type { FlagValues } from "./settings.ts";

/** A command line whose flags all exist, with values where they want one. */
export interface CommandLine {
  readonly flags: FlagValues;
  /** What is no flag, in order. */
  readonly words: readonly string[];
}

const ALL: readonly Flag[] = FLAGS;
const WITH_VALUE = ALL.filter((flag) => flag.value !== undefined);
const SWITCHES = ALL.filter((flag) => flag.value === undefined);

/**
 * Reads a command line by the flag table.
 *
 * @throws {ConfigError} for a flag that does not exist, has no value, or is
 * given twice where only one can count.
 */
export function readCommandLine(args: readonly string[]): CommandLine {
  const unknown: string[] = [];
  const parsed: Record<string, unknown> = parseArgs(withDashes(args), {
    string: [...WITH_VALUE.map((flag) => flag.name), "_"],
    collect: WITH_VALUE.map((flag) => flag.name),
    boolean: SWITCHES.map((flag) => flag.name),
    alias: aliases(),
    unknown(arg, key) {
      if (key === undefined) return true;
      unknown.push(arg);
      return false;
    },
  });
  if (unknown[0] !== undefined) {
    throw new ConfigError(`unknown flag ${JSON.stringify(unknown[0])}`);
  }
  return {
    flags: new Map(ALL.flatMap((flag) => givenValues(flag, parsed[flag.name]))),
    words: (parsed._ as readonly unknown[]).map(String),
  };
}

/** `--flag -` as `--flag=-`: standard input is a value like any other. */
function withDashes(args: readonly string[]): string[] {
  const takesNext = (arg: string | undefined) =>
    WITH_VALUE.some(({ name }) => arg === `--${name}`);
  return args.flatMap((arg, at) => {
    if (arg === "-" && takesNext(args[at - 1])) return [];
    return args[at + 1] === "-" && takesNext(arg) ? [`${arg}=-`] : [arg];
  });
}

function aliases(): Record<string, string> {
  return Object.fromEntries(
    ALL.flatMap((flag) =>
      flag.short === undefined ? [] : [[flag.name, flag.short]]
    ),
  );
}

function givenValues(flag: Flag, parsed: unknown): [string, string[]][] {
  if (flag.value === undefined) {
    return parsed === true ? [[flag.name, ["true"]]] : [];
  }
  const values = parsed as string[];
  if (values.length === 0) return [];
  if (values.includes("")) {
    throw new ConfigError(
      `flag --${flag.name} has no value: want ${flag.value}`,
    );
  }
  if (values.length > 1 && flag.repeatable !== true) {
    const shown = values.map((value) => JSON.stringify(value)).join(" and ");
    throw new ConfigError(`flag --${flag.name} is given twice: ${shown}`);
  }
  return [[flag.name, values]];
}

/**
 * Checks that every flag belongs to the command it was given to.
 *
 * @throws {ConfigError} naming the first that does not.
 */
export function checkFlagsBelong(
  flags: FlagValues,
  command: CommandName,
): void {
  const stray = ALL.find((flag) =>
    flags.has(flag.name) && !flag.commands.includes(command)
  );
  if (stray === undefined) return;
  const place = command === "run"
    ? "hairpin --mode"
    : `hairpin ${command === "deployer" ? "--mode " : ""}${command}`;
  throw new ConfigError(`flag --${stray.name} does not belong to "${place}"`);
}
