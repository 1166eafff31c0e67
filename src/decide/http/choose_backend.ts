import type { BackendTarget, WeightedBackend } from "../../model/backend.ts";
import type { Mirror } from "../../model/http_filters.ts";
import { pickWeighted } from "../pick_weighted.ts";

/** A backend that calls can be sent to. */
export type ServiceTarget = Extract<BackendTarget, { kind: "service" }>;

/**
 * The backend of one call.
 *
 * @param random From 0 to below 1.
 * @returns undefined when none has any weight.
 */
export const chooseBackend = <Backend extends WeightedBackend>(
  backends: readonly Backend[],
  random: () => number,
): Backend | undefined =>
  pickWeighted(backends, ({ weight }) => weight, random);

/** The mirrors that get a copy of one request, each by a chance of its own. */
export function chooseMirrors(
  mirrors: readonly Mirror[],
  random: () => number,
): ServiceTarget[] {
  return mirrors.filter(({ share }) => random() < share)
    .map(({ target }) => target)
    .filter((target) => target.kind === "service");
}
