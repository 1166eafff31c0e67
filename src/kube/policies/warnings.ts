/** What a user should know about policies that layer 4 enforces in part, or not at all. */
import { type Service, serviceKey } from "../../model/service.ts";
import type { Workload } from "../../model/workload.ts";
import type { MeshObjects } from "../mesh_objects.ts";
import { nameOf } from "../objects.ts";
import { type ConvertedPolicy, isForL4 } from "./policies.ts";

export function policyWarnings(
  objects: MeshObjects,
  policies: readonly ConvertedPolicy[],
  workloads: readonly Workload[],
  services: readonly Service[],
): string[] {
  const fronted = new Set(
    services.filter(({ waypoint }) => waypoint !== undefined).map(serviceKey),
  );
  return [
    ...objects.all("AuthorizationPolicy").filter(isForL4)
      .filter(({ spec }) => spec.action === "AUDIT" || spec.action === "CUSTOM")
      .map((object) =>
        `AuthorizationPolicy "${nameOf(object)}" is not enforced: ` +
        `action ${object.spec.action} needs a waypoint (targetRefs)`
      ),
    ...policies.filter(({ unseen }) => unseen.size > 0).flatMap((policy) =>
      unseenWarnings(policy, hasWaypoint(policy, workloads, fronted))
    ),
  ];
}

function unseenWarnings(
  { policy, unseen }: ConvertedPolicy,
  hasWaypoint: boolean,
): string[] {
  const effect = policy.action === "Allow"
    ? "the rule is left out, so that it allows nothing"
    : "the rule denies everything that its other fields select";
  const hint = hasWaypoint
    ? "; its workloads have a waypoint, which enforces it with targetRefs"
    : "";
  return [...unseen].map(([index, fields]) =>
    `AuthorizationPolicy "${policy.key}" rule ${index} needs a waypoint for ` +
    `${fields.join(", ")}: at layer 4 ${effect}${hint}`
  );
}

function hasWaypoint(
  { policy }: ConvertedPolicy,
  workloads: readonly Workload[],
  fronted: ReadonlySet<string>,
): boolean {
  return workloads.some((workload) =>
    isUnder(workload, policy) &&
    (workload.waypoint !== undefined ||
      Object.keys(workload.services).some((key) => fronted.has(key)))
  );
}

function isUnder(
  workload: Workload,
  policy: ConvertedPolicy["policy"],
): boolean {
  switch (policy.scope) {
    case "Global":
      return true;
    case "Namespace":
      return workload.namespace === policy.namespace;
    case "WorkloadSelector":
      return workload.authorizationPolicies.includes(policy.key);
  }
}
