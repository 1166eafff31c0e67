/** What the plugin prints on stdout: nothing else may stand there. */
import { messageOf } from "../../base/errors.ts";
import { CNI_CODES, CniError } from "./errors.ts";
import type { JsonObject } from "./json.ts";
import { SUPPORTED_VERSIONS } from "./versions.ts";

/** The answer to VERSION. */
export const versionReply = (version: string): string =>
  JSON.stringify({
    cniVersion: version,
    supportedVersions: SUPPORTED_VERSIONS,
  });

/** The answer to ADD: what came before, unchanged, or nothing where this plugin stands alone. */
export const addReply = (
  version: string,
  prevResult: JsonObject | undefined,
): string => JSON.stringify(prevResult ?? { cniVersion: version });

/** The answer to anything that failed; the exit code is then not 0. */
export function errorReply(version: string, reason: unknown): string {
  const code = reason instanceof CniError ? reason.cniCode : CNI_CODES.internal;
  return JSON.stringify({
    cniVersion: version,
    code,
    msg: `hairpin: ${messageOf(reason)}`,
  });
}
