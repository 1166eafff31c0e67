import { authorize, type Verdict } from "../decide/authorize.ts";
import type { PolicyConnection } from "../decide/policy_match.ts";
import type { MeshReader } from "../model/mesh_state.ts";
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

/**
 * Asks the DENY policies alone, for a connection that goes to the waypoint: it
 * must not reach even that when a policy denies it here, while an ALLOW policy
 * speaks about the peers that may reach the application, the waypoint's account.
 *
 * @returns why it is denied; undefined when it is not.
 */
export function denialOf(
  { mesh }: ProxyContext,
  workload: Workload,
  connection: PolicyConnection,
): string | undefined {
  const { policies } = mesh.policiesFor(currentOf(mesh, workload));
  const denials = policies.filter(({ action }) => action === "Deny");
  const verdict = authorize(connection, { policies: denials, unknown: [] });
  return verdict.allow ? undefined : verdict.because;
}

/** Today's record of a workload; the one that is held when it has gone. */
export const currentOf = (mesh: MeshReader, workload: Workload): Workload =>
  mesh.workloadByUid(workload.uid) ?? workload;

function decide(
  { mesh }: ProxyContext,
  workload: Workload,
  connection: PolicyConnection,
): Verdict {
  return authorize(connection, mesh.policiesFor(currentOf(mesh, workload)));
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
