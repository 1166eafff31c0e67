/** The program: reads flags and environment, runs, and maps the outcome to an exit code. */
import { parse } from "yaml";
import { ConfigError, HairpinError } from "./src/base/errors.ts";
import { type Command, parseConfig } from "./src/config/mod.ts";
import { runExplain } from "./src/modes/explain_command.ts";
import { runConfig } from "./src/modes/config_command.ts";
import { readMachine } from "./src/modes/machine.ts";
import { runNode } from "./src/modes/node.ts";
import { onShutdownSignal } from "./src/modes/signals.ts";
import { runWaypoint } from "./src/modes/waypoint.ts";
import { VERSION } from "./src/modes/version.ts";
import { runRedirect } from "./src/redirect/mod.ts";

/** The command line, the environment or a file of the configuration is wrong. */
const EXIT_USAGE = 2;
const EXIT_FAILURE = 1;

async function main(): Promise<number> {
  const machine = readMachine((text) => parse(text));
  return await run(parseConfig(Deno.args, Deno.env.toObject(), machine));
}

async function run(command: Command): Promise<number> {
  switch (command.kind) {
    case "run": {
      const { signal, quit } = onShutdownSignal();
      const { config } = command;
      const run = config.mode === "node" ? runNode : runWaypoint;
      await run({ config, signal, quit });
      return 0;
    }
    case "redirect": {
      const { exitCode, lines } = await runRedirect(command);
      for (const line of lines) console.log(line);
      return exitCode;
    }
    case "config":
      Deno.stdout.writeSync(new TextEncoder().encode(await runConfig(command)));
      return 0;
    case "version":
      console.log(`hairpin ${VERSION}`);
      return 0;
    case "help":
      console.log(command.text);
      return command.exitCode;
    case "explain":
      for (const line of await runExplain(command)) console.log(line);
      return 0;
    case "check":
    case "cni":
      throw new ConfigError(`${command.kind} is not supported by this version`);
    default:
      throw new Error(`unhandled: ${command satisfies never}`);
  }
}

try {
  Deno.exit(await main());
} catch (reason) {
  if (!(reason instanceof HairpinError)) throw reason;
  console.error(`hairpin: ${reason.message}`);
  Deno.exit(reason instanceof ConfigError ? EXIT_USAGE : EXIT_FAILURE);
}
