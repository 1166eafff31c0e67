import type { HairpinProcess } from "../lab/mod.ts";

/** How many files and sockets a proxy has open. */
export const descriptorsOf = ({ process }: HairpinProcess): number =>
  [...Deno.readDirSync(`/proc/${process.pid}/fd`)].length;
