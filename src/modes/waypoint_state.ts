import type { RouteScopeRow, WaypointRow } from "../admin/rows.ts";
import { compareAge, inOrder } from "../decide/http/precedence.ts";
import type { KeyReport } from "../model/key_set.ts";
import type { RouteSet } from "../model/route_set.ts";
import type { WaypointConfig } from "../model/waypoint_config.ts";
import type { WaypointOrders } from "../proxy/waypoint/view.ts";
import type { WorkerSnapshot } from "../worker/messages.ts";

/** What a waypoint was told, for the admin server. */
export type WaypointState = Omit<WaypointRow, "keys">;

/** Routes are put into the order in which the workers ask them. */
export function waypointState(
  orders: WaypointOrders,
  said: Pick<WaypointConfig, "statuses" | "warnings">,
): WaypointState {
  const { routes, ...config } = orders.config;
  return {
    config: { ...config, ...said },
    get routes() {
      return routes.map(scopeRow);
    },
    policies: orders.policies,
    requestAuthentications: orders.requestAuthentications,
    pathNormalization: orders.pathNormalization,
  };
}

const scopeRow = (set: RouteSet): RouteScopeRow =>
  set.layer === "http"
    ? { ...set, matches: inOrder(set.routes) }
    : { ...set, routes: set.routes.toSorted(compareAge) };

/** Of what the workers hold of a source, each for itself, the worst. */
export function worstKeys(snapshots: readonly WorkerSnapshot[]): KeyReport[] {
  const worst = new Map<string, KeyReport>();
  for (const report of snapshots.flatMap(({ keys = [] }) => keys)) {
    const key = JSON.stringify(report.source);
    const known = worst.get(key);
    if (known === undefined || badness(report) > badness(known)) {
      worst.set(key, report);
    }
  }
  return [...worst.values()];
}

/** A set that is older is worse. */
const badness = ({ state, fetchedAtMs = 0 }: KeyReport): number =>
  state === "keys"
    ? -fetchedAtMs
    : { fetching: 1, unfetched: 2, bad: 3 }[state];
