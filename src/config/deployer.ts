/** `hairpin --mode deployer`: what it is told, which is little of what a proxy is. */
import { ConfigError } from "../base/errors.ts";
import type { DeployerConfig, KubeSource } from "./config.ts";
import { clusterApi, readKube } from "./control_plane.ts";
import { readListeners, readLog } from "./run_config.ts";
import type { Settings } from "./settings.ts";
import { BOOLEAN, matching, oneOf, type ValueKind } from "./values.ts";
import { unknownVariables } from "./variables.ts";

/** Settings of a mesh, which a waypoint must have as its nodes have them. */
export const PASSED_VARIABLES = [
  "XDS_ADDRESS",
  "CA_ADDRESS",
  "ALT_XDS_HOSTNAME",
  "ALT_CA_HOSTNAME",
  "TRUST_DOMAIN",
  "CLUSTER_DOMAIN",
  "CLUSTER_ID",
  "NETWORK",
  "IPV6_ENABLED",
  "RUST_LOG",
  "LOG_FORMAT",
  "ZTUNNEL_WORKER_THREADS",
] as const;

/** An image's name: what a registry, a tag and a digest are made of. */
const IMAGE: ValueKind<string> = matching(
  "an image's name, without spaces",
  /^[A-Za-z0-9][-A-Za-z0-9._:/@]{0,511}$/,
);

const SECRET: ValueKind<string> = matching(
  "a Secret's name",
  /^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/,
);

/** @throws {ConfigError} naming the first setting that cannot be used. */
export function readDeployer(settings: Settings): DeployerConfig {
  const ipv6 = settings.read("IPV6_ENABLED", BOOLEAN, true);
  const noProxyConfig = { proxyAdminPort: undefined, statsPort: undefined };
  const { stats, readiness } = readListeners(settings, noProxyConfig, ipv6);
  const passed = PASSED_VARIABLES.flatMap((name) => {
    const found = settings.variable(name);
    return found === undefined ? [] : [[name, found.text] as const];
  });
  return {
    kube: readApi(settings),
    image: readImage(settings),
    imagePullPolicy: settings.readNamed(
      "image-pull-policy",
      oneOf("Always", "IfNotPresent", "Never"),
      undefined,
    ),
    caSecret: settings.readNamed("ca-secret", SECRET, undefined),
    waypointVariables: Object.fromEntries(passed),
    stats,
    readiness,
    log: readLog(settings),
    warnings: unknownVariables(settings),
  };
}

function readApi(settings: Settings): KubeSource {
  const kube = readKube("node", settings) ?? clusterApi(settings);
  if (kube !== undefined) return kube;
  throw new ConfigError(
    "no Kubernetes API: --mode deployer wants --kube outside of a cluster",
  );
}

function readImage(settings: Settings): string {
  const image = settings.readNamed("image", IMAGE, undefined);
  if (image !== undefined) return image;
  throw new ConfigError("no image: --mode deployer wants --image IMAGE");
}
