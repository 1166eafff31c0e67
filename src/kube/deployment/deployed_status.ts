/** What the status of a Gateway says of its deployment. */
import { isEqual } from "../../model/diff.ts";
import { mappings, mergeConditions } from "../status/conditions.ts";
import type { StatusPlan } from "../status/plan.ts";

/**
 * The deployer's own condition. `Accepted` and `Programmed` are the waypoint's,
 * which alone knows whether it serves.
 */
export const DEPLOYED_CONDITION = "hairpin.dev/Deployed";

/** What became of a Gateway's deployment. */
export type DeploymentState =
  | { readonly kind: "deployed" }
  | {
    readonly kind: "failed";
    /** One word in CamelCase. */
    readonly reason: "Refused" | "Conflict" | "NotApplied";
    readonly message: string;
  };

/**
 * Adds the condition to Gateways whose state is known, and takes it from those
 * that are not deployed.
 *
 * @param stateOf "none" of a Gateway that is not deployed; undefined: not known yet.
 */
export const deployedStatusPlan = (
  stateOf: (key: string) => DeploymentState | "none" | undefined,
): StatusPlan =>
(current, now) => {
  if (current.kind !== "Gateway") return undefined;
  const state = stateOf(`${current.namespace}/${current.name}`);
  if (state === undefined) return undefined;
  const { conditions } = current.status;
  const wanted = state === "none"
    ? without(conditions)
    : mergeConditions(conditions, [conditionOf(state)], {
      generation: current.generation,
      now,
    });
  return isEqual(wanted, conditions)
    ? undefined
    : { ...current.status, conditions: wanted };
};

const without = (conditions: unknown): unknown =>
  mappings(conditions).some(({ type }) => type === DEPLOYED_CONDITION)
    ? mappings(conditions).filter(({ type }) => type !== DEPLOYED_CONDITION)
    : conditions;

const conditionOf = (state: DeploymentState) => ({
  type: DEPLOYED_CONDITION,
  ...state.kind === "deployed"
    ? { status: "True" as const, reason: "Deployed", message: "" }
    : {
      status: "False" as const,
      reason: state.reason,
      message: state.message,
    },
});
