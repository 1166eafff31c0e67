import type { ConfigDump } from "./config_dump.ts";
import type { HairpinProcess } from "./hairpin.ts";

/**
 * Changes the configuration and waits until every one of these hairpins shows
 * another mesh than before. Only for changes that the mesh's resources show.
 *
 * @throws {LabError} when one still shows the old mesh after the usual wait.
 */
export async function changeMesh(
  hairpins: readonly HairpinProcess[],
  what: string,
  change: () => Promise<void>,
): Promise<void> {
  const before = await Promise.all(hairpins.map(readMesh));
  await change();
  await Promise.all(hairpins.map((hairpin, at) => {
    const isChanged = (dump: ConfigDump) => meshOf(dump) !== before[at];
    return hairpin.untilDump(what, isChanged);
  }));
}

async function readMesh(hairpin: HairpinProcess): Promise<string> {
  return meshOf(await hairpin.configDump());
}

/** All that configuration turns into. */
function meshOf({ workloads, services, policies }: ConfigDump): string {
  return JSON.stringify([workloads, services, policies]);
}
