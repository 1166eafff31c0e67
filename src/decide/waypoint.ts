import type { Addressee } from "../model/mesh_state.ts";
import type { Service } from "../model/service.ts";
import type { GatewayAddress } from "../model/workload.ts";
import { pickWeighted } from "./pick_weighted.ts";

/**
 * The waypoint that one connection to a service has to pass: one of the
 * weighted ones by chance, else the plain one.
 *
 * @returns undefined when the service has no waypoint.
 */
export function chooseServiceWaypoint(
  service: Service,
  random: () => number,
): GatewayAddress | undefined {
  const { weightedWaypoints } = service;
  const picked = pickWeighted(weightedWaypoints, (w) => w.weight, random);
  return picked?.destination ?? service.waypoint;
}

/** Every waypoint that connections to an addressee may come through. */
export function possibleWaypoints(addressee: Addressee): GatewayAddress[] {
  const { waypoint } = addressee.kind === "service"
    ? addressee.service
    : addressee.workload;
  const waypoints = waypoint === undefined ? [] : [waypoint];
  if (addressee.kind === "service") {
    for (const { destination, weight } of addressee.service.weightedWaypoints) {
      if (weight > 0) waypoints.push(destination);
    }
  }
  return waypoints;
}
