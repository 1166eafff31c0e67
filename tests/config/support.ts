import assert from "node:assert/strict";
import type { Config } from "../../src/config/config.ts";
import type { Machine } from "../../src/config/machine.ts";
import { parseCommand, parseConfig } from "../../src/config/parse_config.ts";
import type { Variables } from "../../src/config/settings.ts";

/** A machine of two CPUs without any file; JSON stands for YAML. */
export const MACHINE: Machine = {
  hostname: "host-1",
  cpus: 2,
  ipv6Loopback: true,
  fileExists: () => false,
  readFile: () => undefined,
  parseYaml: JSON.parse,
};

/** The least that starts a node. */
export const NODE = ["--mode", "node", "--config", "mesh", "--ca-dir", "ca"];

/** The configuration of a run, also of what this version does not support. */
export function configOf(
  args: readonly string[],
  variables: Variables = {},
  machine: Machine = MACHINE,
): Config {
  const command = parseCommand(args, variables, machine);
  assert.equal(command.kind, "run");
  return (command as { config: Config }).config;
}

/** The configuration of {@link NODE} with these variables. */
export const nodeWith = (variables: Variables, machine?: Machine): Config =>
  configOf(NODE, variables, machine);

/** The configuration of {@link NODE} with these flags. */
export const nodeFlags = (...flags: string[]): Config =>
  configOf([...NODE, ...flags]);

/** The value at a path such as `log.filter`. */
export function at(config: Config, path: string): unknown {
  return path.split(".").reduce<unknown>(
    (value, key) => (value as Record<string, unknown> | undefined)?.[key],
    config,
  );
}

/** Checks that parsing fails with exactly this line. */
export function refuses(
  line: string,
  args: readonly string[],
  variables: Variables = {},
  machine: Machine = MACHINE,
): void {
  assert.throws(() => parseConfig(args, variables, machine), {
    name: "ConfigError",
    message: line,
  });
}
