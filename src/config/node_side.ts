/** What hairpin does to the node that it enrols pods of. */
import type {
  NodeSideConfig,
  OpenConnectionsUse,
  RedirectBackend,
} from "./config.ts";
import type { Settings } from "./settings.ts";
import { BOOLEAN, oneOf } from "./values.ts";

/** @throws {ConfigError} naming the first setting that cannot be used. */
export const readNodeSide = (settings: Settings): NodeSideConfig => ({
  redirectBackend: readRedirectBackend(settings),
  openConnections: readOpenConnections(settings),
});

const BACKEND = oneOf("auto", "iptables-legacy", "iptables-nft", "nftables");

/**
 * Istio's node agent has two variables of its own for this.
 *
 * @throws {ConfigError}
 */
export function readRedirectBackend(settings: Settings): RedirectBackend {
  const native = settings.read("NATIVE_NFTABLES", BOOLEAN, false);
  const forced = settings.read(
    "FORCE_IPTABLES_BINARY",
    oneOf("legacy", "nft"),
    undefined,
  );
  const otherwise = forced === undefined
    ? "auto"
    : `iptables-${forced}` as const;
  return settings.readNamed(
    "redirect-backend",
    BACKEND,
    native ? "nftables" : otherwise,
  );
}

/** @throws {ConfigError} */
export const readOpenConnections = (settings: Settings): OpenConnectionsUse =>
  settings.readNamed("open-connections", oneOf("keep", "reset"), "keep");
