/** What node mode does for the container runtime. */
import { ConfigError } from "../base/errors.ts";
import type { CniConfig } from "./config.ts";
import type { Settings } from "./settings.ts";
import { TEXT } from "./values.ts";

/** @returns undefined when nothing of it was asked for. */
export function readCni(settings: Settings): CniConfig | undefined {
  const socket = settings.readNamed("cni-socket", TEXT, undefined);
  return socket === undefined ? undefined : { socket };
}

/**
 * Rules in a pod that starts are this process's only where it redirects itself.
 *
 * @throws {ConfigError}
 */
export function checkCni(redirectsItself: boolean, cni?: CniConfig): void {
  if (cni === undefined || redirectsItself) return;
  throw new ConfigError(
    "--cni-socket is of no use without --mode node --redirect self",
  );
}
