import { authorize, type Verdict } from "../decide/authorize.ts";
import type { PolicyConnection } from "../decide/policy_match.ts";
import type { Workload } from "../model/workload.ts";
import type { ProxyContext } from "./context.ts";

/**
 * Asks policy about a new connection, and says in log and metrics what came of
 * it, dry runs included.
 */
export function checkPolicy(
  context: ProxyContext,
  workload: Workload,
  connection: PolicyConnection,
): Verdict {
  const verdict = decide(context, workload, connection);
  say(context, verdict);
  for (const outcome of verdict.dryRun) {
    const log = decisionLog(context);
    if (outcome.kind === "no-allow") {
      log("dry-run: no allow policies match", undefined);
      context.figures.dryRun("none", "allow", "no_match").value++;
    } else {
      log(`dry-run: ${outcome.kind} policy match`, outcome.by);
      context.figures.dryRun(outcome.by, outcome.kind, "match").value++;
    }
  }
  return verdict;
}

/** Asks again, with today's policies and today's record of the workload. */
export const stillAllowed = (
  context: ProxyContext,
  workload: Workload,
  connection: PolicyConnection,
): boolean => decide(context, workload, connection).allow;

function decide(
  { mesh }: ProxyContext,
  workload: Workload,
  connection: PolicyConnection,
): Verdict {
  const current = mesh.workloadByUid(workload.uid) ?? workload;
  return authorize(connection, mesh.policiesFor(current));
}

function say(context: ProxyContext, verdict: Verdict): void {
  const log = decisionLog(context);
  if (!verdict.allow) {
    const matched = verdict.by !== undefined;
    log(
      matched ? "deny policy match" : "no allow policies matched",
      verdict.by,
    );
  } else if (verdict.by === undefined) {
    log("no allow policies, allow", undefined);
  } else log("allow policy match", verdict.by);
}

function decisionLog(context: ProxyContext) {
  const logger = context.log("state");
  const level = context.settings.authzInfoLogging ? "info" : "debug";
  return (message: string, policy: string | undefined) => {
    if (logger.enabled(level)) logger[level](message, { policy });
  };
}
