import type { PolicyReport } from "../../decide/http/authorize.ts";
import type { ProxyContext } from "../context.ts";

/** Says what AUDIT and dry-run policies had to say. */
export function reportPolicies(
  context: ProxyContext,
  { audited, dryRun }: PolicyReport,
): void {
  const log = context.log("state");
  for (const { namespace, name } of audited) {
    log.info("audit policy match", { policy: `${namespace}/${name}` });
  }
  for (const outcome of dryRun) {
    const policy = outcome.kind === "no-allow" ? "none" : outcome.by;
    const action = outcome.kind === "deny" ? "deny" : "allow";
    const match = outcome.kind === "no-allow" ? "no_match" : "match";
    context.figures.dryRun(policy, action, match).value++;
    log.debug(`dry-run: ${action} policy ${match}`, { policy });
  }
}
