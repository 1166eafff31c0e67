/** Ways to choose one of several endpoints that are equally near. */
import type { Endpoint } from "../model/endpoint_index.ts";
import type { WorkloadUid } from "../model/workload.ts";
import { pickWeighted } from "./pick_weighted.ts";

/**
 * Chooses an endpoint; one without capacity never.
 *
 * @param random From 0 to below 1.
 * @returns undefined when none has capacity.
 */
export type Choose = (
  endpoints: readonly Endpoint[],
  random: () => number,
) => Endpoint | undefined;

const capacityOf = ({ workload }: Endpoint): number => workload.capacity;

/** By capacity. */
export const chooseAtRandom: Choose = (endpoints, random) =>
  pickWeighted(endpoints, capacityOf, random);

/**
 * Of two by chance the one with less to do for its capacity. It needs no view of
 * all of them, and does not send everybody to the same one (Mitzenmacher, "The
 * power of two choices"; Envoy's LEAST_REQUEST).
 *
 * @param active Requests in progress at a workload.
 */
export const chooseLeastRequest =
  (active: (uid: WorkloadUid) => number): Choose => (endpoints, random) => {
    const first = chooseAtRandom(endpoints, random);
    if (first === undefined || endpoints.length === 1) return first;
    const rest = endpoints.filter((endpoint) => endpoint !== first);
    const second = chooseAtRandom(rest, random) ?? first;
    const loadOf = ({ workload }: Endpoint) =>
      active(workload.uid) / workload.capacity;
    return loadOf(second) < loadOf(first) ? second : first;
  };

/**
 * One after the other, each as often in a round as its capacity says.
 *
 * @param turn Calls before this one.
 */
export const chooseByTurn = (turn: number): Choose => (endpoints) => {
  const total = endpoints.reduce((sum, e) => sum + capacityOf(e), 0);
  return pickWeighted(endpoints, capacityOf, () => (turn % total) / total);
};

/** As another way, but for those that were tried, while there are others. */
export const chooseUntried =
  (choose: Choose, tried: ReadonlySet<WorkloadUid>): Choose =>
  (endpoints, random) =>
    choose(endpoints.filter((e) => !tried.has(e.workload.uid)), random) ??
      choose(endpoints, random);
