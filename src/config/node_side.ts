/** What hairpin does to the node that it enrols pods of. */
import { ConfigError } from "../base/errors.ts";
import type {
  Config,
  NodeSideConfig,
  OpenConnectionsUse,
  RedirectBackend,
} from "./config.ts";
import type { Settings } from "./settings.ts";
import { BOOLEAN, oneOf, type ValueKind } from "./values.ts";

/** As the Kubernetes API takes it: a name, in front of it a domain or none. */
const TAINT: ValueKind<string> = {
  want: "the key of a taint, such as cni.istio.io/not-ready",
  read: (text) =>
    /^([a-z0-9][a-z0-9.-]{0,252}\/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/
        .test(
          text,
        )
      ? text
      : undefined,
};

/** @throws {ConfigError} naming the first setting that cannot be used. */
export const readNodeSide = (settings: Settings): NodeSideConfig => ({
  redirectBackend: readRedirectBackend(settings),
  openConnections: readOpenConnections(settings),
  taint: settings.readNamed("node-taint", TAINT, undefined),
  repair: settings.readNamed(
    "repair-pods",
    oneOf("mark", "label", "delete"),
    "mark",
  ),
  awsBranchEni: settings.read(
    "AMBIENT_ENABLE_AWS_BRANCH_ENI_PROBE",
    BOOLEAN,
    true,
  ),
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

/**
 * Nodes and pods are changed by who redirects them, through the API.
 *
 * @throws {ConfigError}
 */
export function checkNodeSide(
  redirectsItself: boolean,
  { nodeSide, kube }: Pick<Config, "nodeSide" | "kube">,
): void {
  if (redirectsItself && kube !== undefined) return;
  const { taint, repair } = nodeSide;
  const flag = taint !== undefined
    ? "--node-taint"
    : repair !== "mark"
    ? `--repair-pods ${repair}`
    : undefined;
  if (flag === undefined) return;
  throw new ConfigError(
    `${flag} is of no use without --mode node --redirect self --kube`,
  );
}
