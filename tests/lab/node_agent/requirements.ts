import { hasProgram } from "../command.ts";
import { controlPlaneSkipReason, testTools } from "../control_plane/mod.ts";
import { labSkipReason } from "../requirements.ts";

/**
 * Why Istio's node agent cannot be started here, in one line; undefined when it
 * can. Tests pass it on as the reason that they skip.
 */
export async function nodeAgentSkipReason(): Promise<string | undefined> {
  const reason = await labSkipReason() ?? await controlPlaneSkipReason();
  if (reason !== undefined) return reason;
  for (const program of ["install-cni", "istio-cni"]) {
    if (!await hasProgram(`${testTools()}/${program}`)) {
      return `HAIRPIN_TEST_TOOLS has no ${program}`;
    }
  }
  if (!await hasProgram("ipset")) return "it needs the Debian package ipset";
  return undefined;
}
