/** The program: reads flags and environment, runs, and maps the outcome to an exit code. */
import { parse } from "yaml";
import { ConfigError, HairpinError } from "./src/base/errors.ts";
import { type Command, parseConfig } from "./src/config/mod.ts";
import { readMachine } from "./src/modes/machine.ts";
import { onShutdownSignal } from "./src/modes/signals.ts";
import { versionLine } from "./src/modes/version.ts";

/** The command line, the environment or a file of the configuration is wrong. */
const EXIT_USAGE = 2;
const EXIT_FAILURE = 1;

async function main(): Promise<number> {
  const machine = readMachine((text) => parse(text));
  return await run(parseConfig(Deno.args, Deno.env.toObject(), machine));
}

/** Loads what the command needs and no more: a node keeps its modules in memory. */
async function run(command: Command): Promise<number> {
  switch (command.kind) {
    case "run": {
      const shutdown = onShutdownSignal();
      const { config } = command;
      const run = config.mode === "node"
        ? (await import("./src/modes/node.ts")).runNode
        : (await import("./src/modes/waypoint.ts")).runWaypoint;
      await run({ config, ...shutdown });
      return 0;
    }
    case "deploy": {
      const shutdown = onShutdownSignal();
      const { runDeployer } = await import("./src/modes/deployer.ts");
      await runDeployer(command.config, shutdown);
      return 0;
    }
    case "redirect": {
      const { runRedirect } = await import("./src/redirect/mod.ts");
      return tell(await runRedirect(command));
    }
    case "redirect-node": {
      const { runNodeRedirect } = await import("./src/redirect/node/mod.ts");
      return tell(await runNodeRedirect(command));
    }
    case "config": {
      const { runConfig } = await import("./src/modes/config_command.ts");
      Deno.stdout.writeSync(new TextEncoder().encode(await runConfig(command)));
      return 0;
    }
    case "version":
      return tell({ exitCode: 0, lines: [versionLine()] });
    case "help":
      return tell({ exitCode: command.exitCode, lines: [command.text] });
    case "explain": {
      const { runExplain } = await import("./src/modes/explain_command.ts");
      return tell({ exitCode: 0, lines: await runExplain(command) });
    }
    case "cni": {
      const { runCni } = await import("./src/modes/cni_command.ts");
      return await runCni(Deno.env.toObject());
    }
    case "check": {
      const { runCheck } = await import("./src/modes/check/mod.ts");
      return tell(await runCheck(command));
    }
    default:
      throw new Error(`unhandled: ${command satisfies never}`);
  }
}

/** Prints what a command found. */
function tell(
  { exitCode, lines }: { exitCode: number; lines: readonly string[] },
): number {
  for (const line of lines) console.log(line);
  return exitCode;
}

try {
  Deno.exit(await main());
} catch (reason) {
  if (!(reason instanceof HairpinError)) throw reason;
  console.error(`hairpin: ${reason.message}`);
  Deno.exit(reason instanceof ConfigError ? EXIT_USAGE : EXIT_FAILURE);
}
