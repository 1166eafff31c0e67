import { ConfigError } from "../base/errors.ts";
import {
  checkFlagsBelong,
  type CommandLine,
  readCommandLine,
} from "./command_line.ts";
import {
  readCheck,
  readConfigCommand,
  readExplain,
  readRedirect,
  takeWords,
} from "./commands.ts";
import type { Command } from "./config.ts";
import { readDeployer } from "./deployer.ts";
import { helpText } from "./help.ts";
import type { Machine } from "./machine.ts";
import { readAnyMode, readRunConfig } from "./run_config.ts";
import { Settings, type Variables } from "./settings.ts";
import { refuseUnsupported } from "./unsupported.ts";

/**
 * Turns a command line and an environment into what is to be done. It has no
 * effects: what it needs to know of the machine is passed in.
 *
 * @param variables the environment, as `Deno.env.toObject()` gives it.
 * @throws {ConfigError} one line that names the flag, variable or file and the
 * value, also for what this version does not support.
 */
export function parseConfig(
  args: readonly string[],
  variables: Variables,
  machine: Machine,
): Command {
  return refuseUnsupported(parseCommand(args, variables, machine));
}

/** {@link parseConfig} without the refusal of what this version lacks. */
export function parseCommand(
  args: readonly string[],
  variables: Variables,
  machine: Machine,
): Command {
  const cni = variables.CNI_COMMAND ?? "";
  if (cni !== "") return { kind: "cni", command: cni };
  if (args.length === 0 && (variables.HAIRPIN_MODE ?? "") === "") {
    return { kind: "help", text: helpText(), exitCode: 2 };
  }
  const line = readCommandLine(args);
  const settings = new Settings(line.flags, variables);
  if (settings.isOn("help")) return help();
  return readWord(line, settings, machine);
}

const help = (): Command => ({ kind: "help", text: helpText(), exitCode: 0 });

function readWord(
  line: CommandLine,
  settings: Settings,
  machine: Machine,
): Command {
  switch (line.words[0]) {
    case undefined:
      return readAnyMode(settings) === "deployer"
        ? readDeploy(line, settings)
        : readRun(line, settings, machine, false);
    case "proxy":
      checkProxyWords(line);
      return readRun(line, settings, machine, true);
    case "check":
      return readCheck(line, settings);
    case "explain":
      return readExplain(line, settings);
    case "config":
      return readConfigCommand(line, settings);
    case "redirect":
      return readRedirect(line, settings);
    case "version":
    case "help":
      return readPlain(line, line.words[0]);
    default:
      throw new ConfigError(
        `unknown command ${JSON.stringify(line.words[0])}: want ` +
          "check, explain, config, redirect, version or help",
      );
  }
}

function readRun(
  line: CommandLine,
  settings: Settings,
  machine: Machine,
  nodeByArguments: boolean,
): Command {
  checkFlagsBelong(line.flags, "run");
  const config = readRunConfig(settings, machine, nodeByArguments);
  return { kind: "run", config };
}

function readDeploy(line: CommandLine, settings: Settings): Command {
  checkFlagsBelong(line.flags, "deployer");
  return { kind: "deploy", config: readDeployer(settings) };
}

/** Istio's chart starts the container with `proxy ztunnel`. */
function checkProxyWords(line: CommandLine): void {
  const [what] = takeWords(line, 1);
  if (what === undefined || what === "ztunnel") return;
  throw new ConfigError(`unknown proxy ${JSON.stringify(what)}: want ztunnel`);
}

function readPlain(line: CommandLine, word: "version" | "help"): Command {
  takeWords(line, 0);
  const flag = [...line.flags.keys()][0];
  if (flag !== undefined) {
    throw new ConfigError(
      `flag --${flag} does not belong to "hairpin ${word}"`,
    );
  }
  return word === "help" ? help() : { kind: "version" };
}
