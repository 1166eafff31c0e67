/** What hairpin does to the node that it enrols pods of. */
import type { NodeSideConfig, OpenConnectionsUse } from "./config.ts";
import type { Settings } from "./settings.ts";
import { oneOf } from "./values.ts";

/** @throws {ConfigError} naming the first setting that cannot be used. */
export const readNodeSide = (settings: Settings): NodeSideConfig => ({
  openConnections: readOpenConnections(settings),
});

/** @throws {ConfigError} */
export const readOpenConnections = (settings: Settings): OpenConnectionsUse =>
  settings.readNamed("open-connections", oneOf("keep", "reset"), "keep");
