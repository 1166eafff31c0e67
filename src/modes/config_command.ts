import { messageOf } from "../base/errors.ts";
import type { ConfigCommand } from "../config/mod.ts";
import { DUMP_OCTETS_MAX, DumpError, renderSection } from "../view/mod.ts";
import { askAdmin } from "./ask_admin.ts";

/**
 * `hairpin config`: a section of a running process's dump, or of a saved one.
 *
 * @throws {HairpinError} when there is no dump to be had, or not that section.
 */
export async function runConfig(command: ConfigCommand): Promise<string> {
  const { section, output, file } = command;
  const text = file === undefined
    ? await askDump(command)
    : await readDumpFile(file);
  return renderSection(text, { section, output, now: new Date() });
}

async function askDump({ admin }: ConfigCommand): Promise<string> {
  const { status, body } = await askAdmin(admin, "/config_dump");
  if (status === 200) return body;
  throw new DumpError(`Cannot read the dump: the process answered ${status}`);
}

async function readDumpFile(path: string): Promise<string> {
  try {
    const { size } = await Deno.stat(path);
    if (size <= DUMP_OCTETS_MAX) return await Deno.readTextFile(path);
  } catch (reason) {
    throw new DumpError(`Cannot read "${path}": ${messageOf(reason)}`);
  }
  throw new DumpError(
    `Cannot read "${path}": longer than ${DUMP_OCTETS_MAX} octets`,
  );
}
