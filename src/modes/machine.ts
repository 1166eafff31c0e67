import { availableParallelism } from "node:os";
import { readKernelFile } from "../sys/kernel_file.ts";
import type { Machine } from "../config/mod.ts";

const DISABLE_IPV6 = "/proc/sys/net/ipv6/conf/lo/disable_ipv6";

/** What the configuration may ask of this machine. */
export function readMachine(parseYaml: (text: string) => unknown): Machine {
  return {
    hostname: Deno.hostname(),
    cpus: availableParallelism(),
    ipv6Loopback: readKernelFile(DISABLE_IPV6)?.trim() === "0",
    fileExists: (path) => readFile(path) !== undefined,
    readFile,
    parseYaml,
  };
}

/** undefined when there is no such file. */
function readFile(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (reason) {
    if (reason instanceof Deno.errors.NotFound) return undefined;
    throw reason;
  }
}
