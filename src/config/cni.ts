/** What node mode does for the container runtime. */
import { ConfigError } from "../base/errors.ts";
import type { CniConfig, CniInstall, Config } from "./config.ts";
import type { Settings } from "./settings.ts";
import { oneOf, TEXT, type ValueKind } from "./values.ts";

/** A runtime leaves out names that begin with a dot. */
const CONFLIST: ValueKind<string> = {
  want: "the name of a file that ends in .conflist",
  read: (text) => /^[^./][^/]*\.conflist$/.test(text) ? text : undefined,
};

/** @returns undefined when nothing of it was asked for. */
export function readCni(settings: Settings): CniConfig | undefined {
  const install = readInstall(settings);
  const byDefault = install && "/var/run/hairpin/cni.sock";
  const socket = settings.readNamed("cni-socket", TEXT, byDefault);
  return socket === undefined ? undefined : { socket, install };
}

function readInstall(settings: Settings): CniInstall | undefined {
  const netDir = settings.readNamed("cni-net-dir", TEXT, undefined);
  if (netDir === undefined) return undefined;
  return {
    netDir,
    binDir: settings.readNamed("cni-bin-dir", TEXT, "/opt/cni/bin"),
    confName: settings.readNamed("cni-conf-name", TEXT, undefined),
    ownConf: settings.readNamed("cni-own-conf", CONFLIST, undefined),
    atEnd: settings.readNamed(
      "cni-at-end",
      oneOf("keep", "remove", "auto"),
      "keep",
    ),
  };
}

/**
 * Whether a DaemonSet is deleted is known of the API alone, and whose it is of
 * the pod's name.
 *
 * @throws {ConfigError}
 */
export function checkCniEnd(
  { cni, kube, pod }: Pick<Config, "cni" | "kube" | "pod">,
): void {
  if (cni?.install?.atEnd !== "auto") return;
  const isNamed = pod.name !== undefined && pod.namespace !== undefined;
  if (kube !== undefined && isNamed) return;
  throw new ConfigError(
    "--cni-at-end auto is of no use without --kube, POD_NAME and POD_NAMESPACE",
  );
}

/**
 * Rules in a pod that starts are this process's only where it redirects itself.
 *
 * @throws {ConfigError}
 */
export function checkCni(redirectsItself: boolean, cni?: CniConfig): void {
  if (cni === undefined || redirectsItself) return;
  throw new ConfigError(
    "--cni-socket and --cni-net-dir are of no use without --mode node --redirect self",
  );
}
