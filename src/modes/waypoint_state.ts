import type { RouteScopeRow, WaypointRow } from "../admin/rows.ts";
import type { PackedScope } from "../decide/http/packed_routes.ts";
import { compareAge } from "../decide/http/precedence.ts";
import { OpenedRoutes } from "../decide/http/route_index.ts";
import type { KeyReport } from "../model/key_set.ts";
import type { WaypointConfig } from "../model/waypoint_config.ts";
import type { WaypointOrders } from "../proxy/waypoint/view.ts";
import type { WorkerSnapshot } from "../worker/messages.ts";

/** What a waypoint was told, for the admin server. */
export type WaypointState = Omit<WaypointRow, "keys">;

/** Routes are opened when they are looked at, in the order in which the workers ask them. */
export function waypointState(
  orders: WaypointOrders,
  said: Pick<WaypointConfig, "statuses" | "warnings">,
): WaypointState {
  const { config, routes, ...rest } = orders;
  return {
    ...rest,
    config: { ...config, ...said },
    get routes() {
      const opened = new OpenedRoutes(routes);
      return routes.scopes.map((scope) => scopeRow(scope, opened));
    },
  };
}

function scopeRow(packed: PackedScope, opened: OpenedRoutes): RouteScopeRow {
  if (packed.layer === "stream") {
    return { ...packed, routes: packed.routes.toSorted(compareAge) };
  }
  const { index, ...scope } = packed;
  const ids = [...index.matches, ...index.others].sort((a, b) => a - b);
  return { ...scope, matches: ids.map((id) => opened.candidate(id)) };
}

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
