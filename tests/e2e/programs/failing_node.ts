// Node mode with workers that fail when they are told to, see failing_worker.ts.

import { parse } from "yaml";
import { parseConfig } from "../../../src/config/mod.ts";
import { readMachine } from "../../../src/modes/machine.ts";
import { runNode } from "../../../src/modes/node.ts";
import { onShutdownSignal } from "../../../src/modes/signals.ts";

// On a machine of few processors one worker would take all connections.
Object.defineProperty(navigator, "hardwareConcurrency", { value: 16 });
const machine = readMachine((text) => parse(text));
const command = parseConfig(Deno.args, Deno.env.toObject(), machine);
if (command.kind !== "run") throw new Error(`not to run: ${command.kind}`);
const { signal, quit } = onShutdownSignal();
const workerEntry = new URL("./failing_worker.ts", import.meta.url);
await runNode({ config: command.config, signal, quit, workerEntry });
Deno.exit(0);
